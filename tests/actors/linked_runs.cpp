// Runs of other definitions before and behind a run.

#include "definitions/json.hpp"
#include "storage/job_scan.hpp"
#include "tests/support/actor_runtime.hpp"

#include <algorithm>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Jobs of definitions among `holding` are held, of those among `failing` fail.
struct fixture : runtime_fixture {
  std::string holding;
  std::string failing;
  std::vector<std::string> order; ///< Names of jobs as they were executed.

  fixture() {
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      const auto& name = x.job().name;
      order.push_back(name);
      if (!failing.empty() && name.starts_with(failing))
        return job_outcome::failure("no luck", false);
      if (!holding.empty() && name.starts_with(holding))
        return std::nullopt;
      return job_outcome::ok();
    };
    settings.queue.head_lag_max = 1;
  }

  static job_definition simple(const std::string& id) {
    return make_definition(id, {make_step(id)});
  }

  static job_definition main_definition() {
    auto x = simple("main");
    x.pre_jobs = {"first", "second"};
    x.post_jobs = {"after"};
    return x;
  }

  void put(const job_definition& x) {
    auto stored = ask<bool>(rt->dispatcher, atom::put_v, x);
    BOOST_REQUIRE_MESSAGE(stored.ok(), message_of(stored.error));
  }

  void put_neighbours() {
    for (std::string id : {"first", "second", "after"})
      put(simple(id));
  }

  std::vector<job_id> runs_of(const std::string& definition) const {
    std::vector<job_id> roots;
    BOOST_REQUIRE(storage::read_roots(*db, {}, 100, roots).ok());
    std::erase_if(roots, [&](const job_id& id) {
      return view(id).job.metadata.find("\"job_definition_id\":\"" + definition
                                        + '"')
             == std::string::npos;
    });
    return roots;
  }

  job_status only_status(const std::string& definition) {
    const auto found = runs_of(definition);
    BOOST_REQUIRE_MESSAGE(found.size() == 1u,
                          definition << " has " << found.size() << " runs");
    return status(found[0]);
  }
};

struct started : fixture {
  started() {
    start();
    put_neighbours();
  }
};

using texts = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(linked_runs, started)

BOOST_AUTO_TEST_CASE(those_before_come_in_their_order_and_those_behind_last) {
  const auto id = run(main_definition());
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(order == (texts{"first-1", "second-1", "main-1", "after-1"}),
             boost::test_tools::per_element());
  const auto after = view(runs_of("after").at(0));
  BOOST_TEST(after.job.metadata.find("\"trigger\":\"post_job\"")
             != std::string::npos);
  BOOST_TEST(after.job.metadata.find("\"for_run\":\"" + to_string(id) + '"')
             != std::string::npos);
  BOOST_TEST(says(after.job.id, "Started as a post job of " + to_string(id)));
  BOOST_TEST(says(id, "Started pre job 'first' as job "
                        + to_string(runs_of("first").at(0))));
  BOOST_TEST(view(id).state.result == "");
  check_over();
}

BOOST_AUTO_TEST_CASE(a_run_waits_and_says_for_what) {
  holding = "second";
  const auto id = run(main_definition());
  BOOST_TEST(order == (texts{"first-1", "second-1"}),
             boost::test_tools::per_element());
  const auto why = ask<explanation>(rt->jobs, atom::explain_v, id).value;
  BOOST_CHECK(why.reason == job_reason::waiting_for_run);
  BOOST_TEST(why.values.get_string("definition").value_or("") == "second");
  BOOST_TEST(why.values.get_string("run").value_or("")
             == to_string(runs_of("second").at(0)));
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(one_before_that_fails_fails_the_run) {
  failing = "first";
  auto first = simple("first");
  first.steps[0].on_error = on_error::fail;
  put(first);
  const auto id = run(main_definition());
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_TEST(view(id).state.error.starts_with("pre job 'first' is failed"));
  BOOST_CHECK(step_of(id, "main").state.status == job_status::skipped);
  BOOST_TEST(runs_of("second").empty());
  BOOST_TEST(runs_of("after").empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_started_fails_the_run) {
  BOOST_REQUIRE(
    ask(rt->dispatcher, atom::remove_v, definition_removal{"second", ""}).ok());
  const auto id = run(main_definition());
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_TEST(view(id).state.error.starts_with(
    "pre job 'second' could not be started: "));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_serves_as_well) {
  holding = "first";
  const auto first = execute("first").value.manager;
  const auto id = run(main_definition());
  BOOST_TEST(runs_of("first").size() == 1u);
  BOOST_TEST(says(id, "Joined pre job 'first' as job " + to_string(first)));
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(two_runs_may_wait_for_the_same) {
  holding = "first";
  auto other = simple("other");
  other.pre_jobs = {"first"};
  put(other);
  put(main_definition());
  const auto a = request<run_started>(rt->dispatcher, atom::execute_v,
                                      run_request{"main", {}, {}});
  const auto b = request<run_started>(rt->dispatcher, atom::execute_v,
                                      run_request{"other", {}, {}});
  settle();
  BOOST_TEST(runs_of("first").size() == 1u);
  release();
  BOOST_CHECK(status(a->value.manager) == job_status::completed);
  BOOST_CHECK(status(b->value.manager) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(who_is_cancelled_waits_no_longer) {
  holding = "first";
  const auto id = run(main_definition());
  BOOST_TEST(ask(rt->jobs, atom::cancel_v, id).ok());
  BOOST_CHECK(status(id) == job_status::cancelled);
  BOOST_CHECK(only_status("first") == job_status::running);
  release();
  BOOST_CHECK(only_status("first") == job_status::completed);
  BOOST_TEST(runs_of("second").empty());
  BOOST_TEST(runs_of("after").empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(the_time_of_the_run_is_also_that_of_those_before) {
  holding = "first";
  auto x = main_definition();
  x.timeout = "10s";
  const auto id = run(x);
  advance(10s);
  BOOST_CHECK(status(id) == job_status::failed);
  release();
  check_over();
}

BOOST_AUTO_TEST_CASE(nothing_follows_a_run_that_is_not_completed) {
  failing = "main";
  auto x = main_definition();
  x.steps[0].on_error = on_error::fail;
  BOOST_CHECK(status(run(x)) == job_status::failed);
  BOOST_TEST(runs_of("after").empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(one_behind_that_cannot_be_started_is_a_warning) {
  holding = "after";
  const auto going_on = execute("after").value.manager;
  const auto id = run(main_definition());
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.result == ended_with_warning);
  BOOST_TEST(says(id, "The post job 'after' could not be started: job "
                      "definition 'after' is already running as job "
                        + to_string(going_on)));
  release();
  check_over();
}

BOOST_AUTO_TEST_CASE(definitions_that_lead_to_each_other_are_refused) {
  auto second = simple("second");
  second.post_jobs = {"far"};
  put(second);
  auto far = simple("far");
  far.pre_jobs = {"main"};
  put(far);
  put(main_definition());
  const auto refused = execute("main");
  BOOST_CHECK(refused.error == caf::error{ec::invalid_argument});
  BOOST_TEST(message_of(refused.error)
             == "pre_jobs and post_jobs go in a circle: they lead from 'main' "
                "to 'far' and back");
  put(simple("far"));
  BOOST_TEST(execute("main").ok());
  settle();
  check_over();
}

/// A definition is changed while a run of it waits: a run of another one joins
/// the old run, and would wait for it while that waits for the other.
BOOST_AUTO_TEST_CASE(runs_that_would_wait_for_each_other_fail) {
  holding = "first";
  put(simple("b"));
  auto a = simple("a");
  a.pre_jobs = {"first", "b"};
  const auto old = run(a);
  auto b = simple("b");
  b.pre_jobs = {"a"};
  put(simple("a"));
  put(b);
  release();
  const auto other = runs_of("b").at(0);
  BOOST_CHECK(status(other) == job_status::failed);
  BOOST_TEST(view(other).state.error
             == "pre_jobs go in a circle: 'b' waits for 'a' (job "
                  + to_string(old) + "), which waits for 'b' (job "
                  + to_string(other) + ')');
  BOOST_TEST(says(other, "pre_jobs go in a circle"));
  BOOST_CHECK(status(old) == job_status::failed);
  BOOST_TEST(view(old).state.error.starts_with("pre job 'b' is failed"));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_circle_of_many_runs_is_found_after_a_restart_too) {
  holding = "first";
  put(simple("b"));
  put(simple("c"));
  auto a = simple("a");
  a.pre_jobs = {"first", "b"};
  const auto old = run(a);
  auto b = simple("b");
  b.pre_jobs = {"second", "c"};
  auto c = simple("c");
  c.pre_jobs = {"a"};
  put(simple("a"));
  put(b);
  put(c);
  restart();
  holding = "second";
  release();
  restart();
  holding.clear();
  release();
  BOOST_CHECK(only_status("b") == job_status::failed);
  const auto last = view(runs_of("c").at(0)).state.error;
  BOOST_TEST(last.starts_with("pre_jobs go in a circle: 'c' waits for 'a'"));
  BOOST_TEST(last.find("which waits for 'b'") != std::string::npos);
  BOOST_CHECK(status(old) == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(linked_runs_and_restarts)

BOOST_FIXTURE_TEST_CASE(a_restart_waits_for_the_same_run, started) {
  holding = "second";
  const auto id = run(main_definition());
  restart();
  restart();
  BOOST_TEST(runs_of("second").size() == 1u);
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  for (std::string each : {"first", "second", "after"})
    BOOST_CHECK(only_status(each) == job_status::completed);
  check_over();
}

BOOST_FIXTURE_TEST_CASE(a_run_that_was_joined_is_not_made_again, started) {
  holding = "first";
  execute("first");
  const auto id = run(main_definition());
  holding = "main";
  release("first-1");
  BOOST_TEST(order.back() == "main-1");
  restart();
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  for (std::string each : {"first", "second", "after"})
    BOOST_CHECK(only_status(each) == job_status::completed);
  check_over();
}

/// The steps are skipped, and the run has failed, whatever a crash left.
BOOST_AUTO_TEST_CASE(a_pre_job_that_failed_fails_the_run_after_any_crash) {
  uint64_t n = 1;
  for (bool reached = true; reached; ++n) {
    BOOST_TEST_CONTEXT("write " << n << " fails") {
      started x;
      x.failing = "first";
      auto first = fixture::simple("first");
      first.steps[0].on_error = on_error::fail;
      x.put(first);
      x.put(fixture::main_definition());
      x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
      x.request<run_started>(x.rt->dispatcher, atom::execute_v,
                             run_request{"main", {}, {}});
      x.settle();
      reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
      x.crash();
      x.db->heal();
      BOOST_REQUIRE(x.start().has_value());
      x.settle();
      x.check_over();
      if (!x.runs_of("main").empty())
        BOOST_CHECK(x.only_status("main") == job_status::failed);
      BOOST_TEST(x.runs_of("first").size() <= 1u);
    }
  }
  BOOST_TEST(n > 8u);
}

/// Whichever write was the last before a crash: one run of each.
BOOST_AUTO_TEST_CASE(there_is_one_of_each_whichever_write_was_the_last) {
  uint64_t n = 1;
  for (bool reached = true; reached; ++n) {
    BOOST_TEST_CONTEXT("write " << n << " fails") {
      started x;
      x.put(fixture::main_definition());
      x.db->fail_writes_from(n, {storage::errc::io_error, "power is gone"});
      auto made = x.request<run_started>(x.rt->dispatcher, atom::execute_v,
                                         run_request{"main", {}, {}});
      x.settle();
      reached = !x.ask<actor_status>(x.rt->store, atom::status_v).ok();
      const bool accepted = made->ok();
      x.crash();
      x.db->heal();
      BOOST_REQUIRE(x.start().has_value());
      x.settle();
      x.check_over();
      if (accepted)
        BOOST_TEST(x.runs_of("main").size() == 1u);
      if (x.runs_of("main").empty())
        continue;
      for (std::string each : {"main", "first", "second", "after"})
        BOOST_CHECK(x.only_status(each) == job_status::completed);
    }
  }
  BOOST_TEST(n > 15u);
}

BOOST_AUTO_TEST_SUITE_END()
