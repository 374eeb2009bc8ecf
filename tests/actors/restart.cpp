#include "storage/life_tables.hpp"
#include "tests/support/actor_runtime.hpp"

#include <stdexcept>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : runtime_fixture {
  bool hold = true;

  fixture() {
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      x.log(log_level::info, "working");
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
    kind(jobs_type).slots = 4;
    start();
  }

  /// A run with 8 jobs, of which 2 are done, 4 run and 2 wait.
  job_id half_done(const std::string& id) {
    auto many = make_step("a");
    many.config.set("jobs", 8);
    const auto out = run(make_definition(id, {many, make_step("b", {"a"})}));
    release("a-1");
    release("a-2");
    advance(100ms);
    return out;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(restarts, fixture)

BOOST_AUTO_TEST_CASE(a_run_goes_on_where_it_was) {
  const auto id = half_done("h");
  BOOST_TEST(restart().value_or(9) == 1u);
  BOOST_CHECK(status(id) == job_status::running);
  BOOST_TEST(held.size() == 4u);
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.completed == 9u);
  BOOST_TEST(says(id, "Going on after a restart"));
  BOOST_TEST(restart().value_or(9) == 0u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_restart_of_a_restart_changes_nothing) {
  const auto id = half_done("h");
  for (int i = 0; i < 5; ++i)
    BOOST_TEST(restart().value_or(9) == 1u);
  for (const auto& x : held)
    BOOST_TEST(x.context->attempt() >= 2u);
  check_database();
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(progress_is_the_same_after_a_restart) {
  const auto id = half_done("h");
  const auto before = ask<run_progress>(rt->jobs, atom::progress_v, id).value;
  restart();
  const auto after = ask<run_progress>(rt->jobs, atom::progress_v, id).value;
  BOOST_CHECK(before.children == after.children);
  BOOST_TEST(after.children.running == 4u);
  BOOST_TEST(after.steps.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_definition_that_runs_is_a_conflict_after_a_restart) {
  const auto id = half_done("h");
  restart();
  BOOST_TEST(is_error(execute("h").error, ec::conflict, to_string(id)));
  hold = false;
  release();
  BOOST_TEST(execute("h").ok());
  check_over();
}

BOOST_AUTO_TEST_CASE(a_cancel_after_a_restart_counts_every_job_once) {
  const auto id = half_done("h");
  crash();
  kind(jobs_type).slots = 2; // interrupted jobs wait, too
  start();
  auto done = request(rt->jobs, atom::cancel_v, id);
  settle();
  release("", job_outcome::stopped());
  BOOST_TEST(done->ok());
  BOOST_CHECK(status(id) == job_status::cancelled);
  BOOST_TEST(view(id).state.children.cancelled == 6u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_waits_for_its_next_attempt_makes_it) {
  bool broken = true;
  kind(jobs_type).init = [&](const step_context&) -> init_result {
    if (broken)
      throw std::runtime_error{"site is down"};
    return {};
  };
  auto again = make_step("a");
  again.on_error = on_error::retry;
  const auto id = run(make_definition("w", {again}));
  crash();
  broken = false;
  hold = false;
  start();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_new_attempt_has_its_jobs_when_the_clock_was_set_back) {
  int looks = 0;
  kind(jobs_type).init = [&](const step_context&) -> init_result {
    if (++looks <= 2)
      throw std::runtime_error{"site is down"};
    return {};
  };
  auto again = make_step("a");
  again.on_error = on_error::retry;
  again.retry = retry_policy{3, 1s, 1s, 0};
  again.config.set("jobs", 6);
  const auto id = run(make_definition("w", {again}));
  advance(1s);
  BOOST_TEST(looks == 2);
  crash();
  clock.set_by(-1h); // so ids go on behind the last one of a job
  start();
  BOOST_TEST(looks == 3);
  BOOST_TEST(children(step_of(id, "a").job.id).size() == 6u);
  restart();
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.completed == 6u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_had_made_no_jobs_makes_them_once) {
  int made = 0;
  // The worker has answered, but nothing of it is stored.
  kind(jobs_type).create = [&](const step_context&) {
    if (++made == 1)
      db->fail_writes_from(1, {storage::errc::io_error, "power is gone"});
    step_output out;
    out.jobs = make_new_jobs(3, "j");
    return out;
  };
  hold = false;
  const auto id = run(make_definition("s", {make_step("a")}));
  crash();
  db->heal();
  BOOST_TEST(children(step_of(id, "a").job.id).empty());
  start();
  BOOST_TEST(made == 2);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.completed == 3u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_run_that_was_accepted_and_not_begun_begins) {
  hold = false;
  ask<bool>(rt->dispatcher, atom::put_v,
            make_definition("p", {make_step("a")}));
  // The first commit is the run's record, the second its start.
  db->fail_writes_from(2, {storage::errc::io_error, "power is gone"});
  const auto started = execute("p");
  BOOST_REQUIRE(started.ok());
  crash();
  db->heal();
  BOOST_CHECK(status(started.value.manager) == job_status::pending);
  BOOST_TEST(start().value_or(9) == 1u);
  BOOST_CHECK(status(started.value.manager) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_run_that_had_failed_stays_failed) {
  auto bad = make_step("bad", {}, "summary"); // nobody serves it
  bad.on_error = on_error::fail;
  const auto id = run(
    make_definition("f", {bad, make_step("a"), make_step("later", {"a"})}));
  BOOST_CHECK(status(id) == job_status::running);
  restart();
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_CHECK(step_of(id, "later").state.status == job_status::skipped);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_fatal_failure_still_cancels_after_a_restart) {
  auto bad = make_step("bad", {}, "summary");
  bad.on_error = on_error::fatal;
  bad.depends = {"quick"};
  const auto id
    = run(make_definition("f", {make_step("a"), make_step("quick"), bad}));
  release("quick-1");
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].context->cancelled());
  restart();
  release("", job_outcome::stopped());
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_CHECK(step_of(id, "a").state.status == job_status::cancelled);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_skipped_because_of_a_failure_still_stops_the_run) {
  auto bad = make_step("bad", {}, "summary");
  auto strict = make_step("strict", {"bad"});
  strict.on_error = on_error::fail;
  const auto id = run(make_definition("s", {bad, strict, make_step("a")}));
  BOOST_CHECK(step_of(id, "strict").state.status == job_status::skipped);
  restart();
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_CASE(what_failed_before_a_restart_is_still_said_at_the_end) {
  auto bad = make_step("bad", {}, "summary");
  const auto id = run(make_definition("c", {bad, make_step("a")}));
  restart();
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.error.find("'bad' failed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_time_limit_counts_from_the_first_start) {
  auto x = make_definition("t", {make_step("a")});
  x.timeout = "30s";
  const auto id = run(x);
  advance(20s);
  restart();
  advance(9s);
  BOOST_TEST(!held[0].context->cancelled());
  advance(1s);
  BOOST_TEST(held[0].context->cancelled());
  release("", job_outcome::stopped());
  BOOST_CHECK(status(id) == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_CASE(the_tolerance_counts_failures_from_before) {
  kind(jobs_type).execute
    = [this](job_context& x) -> std::optional<job_outcome> {
    if (x.job().name == "a-1" || (!hold && x.job().name == "a-6"))
      return job_outcome::failure("no luck");
    return std::nullopt;
  };
  auto many = make_step("a");
  many.config.set("jobs", 6);
  auto x = make_definition("t", {many});
  x.error_tolerance = error_tolerance{1, failure_action::stop_all};
  const auto id = run(x);
  restart();
  hold = false;
  release("a-2"); // the last job gets its turn
  BOOST_TEST(held.size() == 3u);
  for (const auto& one : held)
    BOOST_TEST(one.context->cancelled());
  release("", job_outcome::stopped());
  BOOST_CHECK(status(id) == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_CASE(drained_work_goes_on_after_the_restart) {
  const auto id = half_done("h");
  tell(rt->dispatcher, atom::drain_v);
  auto done = request(rt->queue, atom::drain_v);
  settle();
  BOOST_TEST(!done->done);
  release();
  BOOST_TEST(done->ok());
  BOOST_TEST(held.empty());
  hold = false;
  restart();
  BOOST_CHECK(status(id) == job_status::completed);
  for (const auto& x : children(step_of(id, "a").job.id))
    BOOST_TEST(x.state.attempt == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(nothing_is_queued_before_the_queue_knows_its_numbers) {
  kind(jobs_type).execute = [](job_context&) -> std::optional<job_outcome> {
    return job_outcome::failure("no luck", false);
  };
  submission x;
  x.jobs = make_new_jobs(30, "job");
  const auto first = ask<id_list>(rt->jobs, atom::submit_v, x).value.ids.at(0);
  BOOST_CHECK(status(first) == job_status::failed);
  crash();
  make_runtime();
  settle();
  const auto early = ask<job_made>(rt->jobs, atom::retry_v, first);
  BOOST_CHECK(early.error == caf::error{ec::shutting_down});
  BOOST_TEST(queue_entries() == 0u);
  BOOST_REQUIRE(ask<uint64_t>(rt->jobs, atom::recover_v).ok());
  const auto made = ask<job_made>(rt->jobs, atom::retry_v, first);
  BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
  BOOST_CHECK(status(made.value.id) == job_status::failed);
  job_label label;
  BOOST_REQUIRE(storage::read_label(*db, first, label).ok());
  BOOST_CHECK(label.retried_as == made.value.id);
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()
