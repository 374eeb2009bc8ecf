#include "actors/job_monitor.hpp"
#include "actors/step_monitor.hpp"
#include "tests/support/fixture.hpp"

using namespace quaero;
using namespace std::chrono_literals;

namespace {

struct step_fixture : test::deterministic {
  std::vector<child_counts> ends;
  std::vector<step_progress> told;
  step_watcher_actor watcher = own(step_watcher_actor{sys.spawn(
    [this](step_watcher_actor::pointer) -> step_watcher_actor::behavior_type {
      return {[this](atom::done, const child_counts& x) { ends.push_back(x); }};
    })});
  job_monitor_actor run = own(job_monitor_actor{sys.spawn(
    [this](job_monitor_actor::pointer) -> job_monitor_actor::behavior_type {
      return {
        [this](atom::progress, const step_progress& x) { told.push_back(x); },
        [](atom::status, job_status) {},
        [](atom::progress) { return run_progress{}; },
        [](atom::status) { return actor_status{}; },
      };
    })});
  step_monitor_actor aut
    = own(sys.spawn(step_monitor, step_progress{}, watcher, run));

  ~step_fixture() { end_actors(); }

  /// One number for each field of a delta, in their order.
  void count(int64_t created, int64_t started, int64_t completed = 0,
             int64_t failed = 0, int64_t cancelled = 0, int64_t dropped = 0) {
    tell(aut, atom::count_v,
         step_delta{
           {}, created, started, completed, failed, cancelled, dropped, 0});
  }
};

struct run_fixture : test::deterministic {
  std::vector<event_block_ptr> seen;
  event_sink_actor sink = spawn_sink(seen);
  std::vector<uint64_t> exceeded;
  manager_job_actor run = own(manager_job_actor{sys.spawn(
    [this](manager_job_actor::pointer) -> manager_job_actor::behavior_type {
      return {
        [](atom::done, const step_result&) {},
        [this](atom::exceeded, uint64_t n) { exceeded.push_back(n); },
        [](atom::cancel) {},
        [](atom::cancel, const job_id&) {},
        [](atom::explain, const job_id&) { return explanation{}; },
        [](atom::retry, const retry_order&) { return job_id{}; },
        [](atom::progress) { return run_progress{}; },
        [](atom::status) { return actor_status{}; },
      };
    })});
  job_monitor_actor aut;

  run_fixture() {
    start({250ms, error_tolerance{2, failure_action::stop_all}});
  }
  ~run_fixture() { end_actors(); }

  void start(job_monitor_config config) {
    run_progress now;
    now.status = job_status::running;
    now.steps.resize(2);
    now.steps[0].name = "a";
    now.steps[1].name = "b";
    aut
      = own(job_monitor_actor{sys.spawn(job_monitor, config, now, run, sink)});
  }

  void step(const std::string& name, uint64_t completed, uint64_t failed = 0) {
    step_progress x;
    x.name = name;
    x.children.completed = completed;
    x.children.failed = failed;
    tell(aut, atom::progress_v, x);
  }

  uint64_t published() const {
    return seen.back()->progress[0].children.completed;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(step_monitor_tests, step_fixture)

BOOST_AUTO_TEST_CASE(nothing_ends_before_the_step_has_made_all_its_children) {
  count(1, 0);
  count(0, 1);
  count(0, 0, 1);
  BOOST_TEST(ends.empty());
  tell(aut, atom::sealed_v);
  BOOST_REQUIRE(ends.size() == 1u);
  BOOST_TEST(ends[0].completed == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_is_told_once) {
  tell(aut, atom::sealed_v);
  tell(aut, atom::sealed_v);
  count(0, 0);
  BOOST_TEST(ends.size() == 1u);
}

BOOST_AUTO_TEST_CASE(children_of_the_last_job_keep_the_step_open) {
  tell(aut, atom::count_v, step_delta{{}, 1, 1, 0, 0, 0, 0, 0});
  tell(aut, atom::sealed_v);
  count(2, 0, 1);
  BOOST_TEST(ends.empty());
  count(0, 2);
  count(0, 0, 1, 1);
  BOOST_REQUIRE(ends.size() == 1u);
  BOOST_TEST(ends[0].completed == 2u);
  BOOST_TEST(ends[0].failed == 1u);
}

BOOST_AUTO_TEST_CASE(who_comes_later_to_make_children_keeps_the_step_open) {
  count(1, 0);
  tell(aut, atom::sealed_v);
  count(0, 1);
  BOOST_TEST(ask<bool>(aut, atom::attach_v).value);
  count(0, 0, 0, 1);
  BOOST_TEST(ends.empty());
  count(1, 0);
  tell(aut, atom::sealed_v);
  BOOST_TEST(ends.empty());
  count(0, 1);
  count(0, 0, 1);
  BOOST_TEST(ends.size() == 1u);
  BOOST_TEST(!ask<bool>(aut, atom::attach_v).value);
}

BOOST_AUTO_TEST_CASE(a_retry_goes_back_to_pending) {
  count(1, 0);
  tell(aut, atom::sealed_v);
  count(0, 1);
  count(0, -1);
  auto now = ask<child_counts>(aut, atom::progress_v).value;
  BOOST_TEST(now.pending == 1u);
  BOOST_TEST(now.running == 0u);
  count(0, 1);
  count(0, 0, 0, 1);
  BOOST_REQUIRE(ends.size() == 1u);
  BOOST_TEST(ends[0].failed == 1u);
}

BOOST_AUTO_TEST_CASE(jobs_that_never_ran_count_as_cancelled) {
  count(3, 0);
  tell(aut, atom::sealed_v);
  count(0, 1, 0, 0, 0, 2);
  count(0, 0, 0, 0, 1);
  BOOST_REQUIRE(ends.size() == 1u);
  BOOST_TEST(ends[0].cancelled == 3u);
  BOOST_TEST(told.back().children.cancelled == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(job_monitor_tests, run_fixture)

BOOST_AUTO_TEST_CASE(progress_is_published_seldom_and_the_last_of_it_always) {
  step("a", 1);
  step("a", 2);
  step("b", 3);
  BOOST_REQUIRE(seen.size() == 1u);
  BOOST_TEST(published() == 1u);
  advance(250ms);
  BOOST_REQUIRE(seen.size() == 2u);
  BOOST_TEST(published() == 5u);
  advance(250ms);
  BOOST_TEST(seen.size() == 2u);
  step("a", 3);
  advance(250ms);
  BOOST_TEST(published() == 6u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_run_is_published_at_once) {
  step("a", 1);
  step("a", 2);
  tell(aut, atom::status_v, job_status::completed);
  BOOST_TEST(published() == 2u);
  BOOST_CHECK(seen.back()->progress[0].status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(an_exceeded_tolerance_is_told_once) {
  step("a", 0, 2);
  BOOST_TEST(exceeded.empty());
  step("b", 0, 1);
  step("b", 0, 2);
  BOOST_REQUIRE(exceeded.size() == 1u);
  BOOST_TEST(exceeded[0] == 3u);
}

BOOST_AUTO_TEST_CASE(a_tolerance_of_zero_tolerates_anything) {
  start({250ms, error_tolerance{0, failure_action::stop_all}});
  step("a", 0, 100);
  BOOST_TEST(exceeded.empty());
}

BOOST_AUTO_TEST_SUITE_END()
