#include "tests/support/actor_runtime.hpp"

#include <stdexcept>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Jobs whose name begins with one of these fail; others are held, or succeed.
struct fixture : runtime_fixture {
  std::string failing = "!";
  bool hold = false;

  fixture() {
    kind(jobs_type).execute
      = [this](job_context& x) -> std::optional<job_outcome> {
      if (x.job().name.find(failing) == 0)
        return job_outcome::failure("no luck");
      if (hold)
        return std::nullopt;
      return job_outcome::ok();
    };
    start();
  }

  job_status step_status(const job_id& manager, const std::string& name) {
    return step_of(manager, name).state.status;
  }

  static step failing_step(on_error how) {
    auto x = make_step("f");
    x.on_error = how;
    return x;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(failed_steps, fixture)

BOOST_AUTO_TEST_CASE(what_depends_on_a_failed_step_is_skipped) {
  failing = "f-";
  auto cleanup = make_step("cleanup", {"f"});
  cleanup.always_run = true;
  const auto id = run(make_definition(
    "c", {failing_step(on_error::carry_on), make_step("b", {"f"}),
          make_step("c", {"b"}), make_step("other"), cleanup}));
  BOOST_CHECK(step_status(id, "f") == job_status::failed);
  BOOST_TEST(step_of(id, "f").state.error.find("all 1 job failed")
             != std::string::npos);
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  BOOST_CHECK(step_status(id, "c") == job_status::skipped);
  BOOST_CHECK(step_status(id, "other") == job_status::completed);
  BOOST_CHECK(step_status(id, "cleanup") == job_status::completed);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.error.find("'f' failed") != std::string::npos);
  BOOST_TEST(view(id).state.children.failed == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(steps_are_skipped_whatever_their_order_in_the_file) {
  failing = "f-";
  const auto id = run(make_definition(
    "r", {make_step("d", {"c"}), make_step("c", {"b"}), make_step("b", {"f"}),
          failing_step(on_error::carry_on)}));
  for (const auto* name : {"b", "c", "d"})
    BOOST_CHECK(step_status(id, name) == job_status::skipped);
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_must_not_fail_stops_the_run) {
  failing = "f-";
  hold = true;
  const auto id = run(
    make_definition("f", {failing_step(on_error::fail), make_step("other"),
                          make_step("later", {"other"})}));
  BOOST_CHECK(status(id) == job_status::running);
  BOOST_CHECK(step_status(id, "later") == job_status::skipped);
  BOOST_CHECK(step_status(id, "other") == job_status::running);
  release();
  BOOST_CHECK(step_status(id, "other") == job_status::completed);
  BOOST_CHECK(status(id) == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_fatal_step_cancels_what_still_runs) {
  failing = "f-";
  hold = true;
  auto other = make_step("other");
  other.config.set("jobs", 20);
  const auto id
    = run(make_definition("x", {failing_step(on_error::fatal), other}));
  BOOST_TEST(held.size() == 16u);
  for (const auto& x : held)
    BOOST_TEST(x.context->cancelled());
  BOOST_CHECK(status(id) == job_status::running);
  release("", job_outcome::stopped());
  BOOST_CHECK(step_status(id, "other") == job_status::cancelled);
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_TEST(view(id).state.children.cancelled == 20u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_whose_worker_fails_is_tried_again) {
  int calls = 0;
  kind(jobs_type).init = [&](const step_context&) {
    if (++calls < 3)
      throw std::runtime_error{"site is down"};
    return init_result{};
  };
  auto again = make_step("a");
  again.on_error = on_error::retry;
  again.retry = retry_policy{3, 10s, 1min, 0.0};
  const auto id = run(make_definition("r", {again}));
  BOOST_TEST(calls == 1);
  BOOST_CHECK(step_status(id, "a") == job_status::pending);
  advance(10s);
  BOOST_TEST(calls == 2);
  advance(19s);
  BOOST_TEST(calls == 2);
  advance(1s);
  BOOST_TEST(calls == 3);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(says(step_of(id, "a").job.id, "site is down"));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_fails_too_often_has_failed) {
  kind(jobs_type).create = [](const step_context&) -> step_output {
    throw std::runtime_error{"site is down"};
  };
  auto again = make_step("a");
  again.on_error = on_error::retry;
  again.retry = retry_policy{2, 10s, 1min, 0.0};
  const auto id = run(make_definition("r", {again}));
  advance(10s);
  BOOST_CHECK(step_status(id, "a") == job_status::failed);
  BOOST_TEST(step_of(id, "a").state.error.find("site is down")
             != std::string::npos);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_whose_jobs_all_failed_is_tried_again) {
  failing = "a-";
  auto again = make_step("a");
  again.config.set("jobs", 2);
  again.on_error = on_error::retry;
  again.retry = retry_policy{2, 10s, 1min, 0.0};
  const auto id = run(make_definition("r", {again}));
  advance(11s); // the jobs' own second attempt
  BOOST_CHECK(step_status(id, "a") == job_status::pending);
  failing = "!";
  advance(10s);
  BOOST_CHECK(step_status(id, "a") == job_status::completed);
  BOOST_TEST(step_of(id, "a").state.children.completed == 2u);
  BOOST_TEST(step_of(id, "a").state.children.failed == 0u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_later_attempt_of_a_step_counts_only_its_own_jobs) {
  failing = "a-";
  hold = false;
  auto again = make_step("a");
  again.config.set("jobs", 2);
  again.on_error = on_error::retry;
  again.retry = retry_policy{2, 10s, 1min, 0.0};
  const auto id = run(make_definition("w", {again}));
  advance(11s); // the jobs' own second attempt
  BOOST_CHECK(step_status(id, "a") == job_status::pending);
  failing = "!";
  hold = true;
  advance(10s); // the step's second attempt: its jobs run
  crash();
  hold = false;
  start();
  BOOST_CHECK(step_status(id, "a") == job_status::completed);
  BOOST_TEST(step_of(id, "a").state.children.completed == 2u);
  BOOST_TEST(step_of(id, "a").state.children.failed == 0u);
}

BOOST_AUTO_TEST_CASE(a_decision_to_stop_holds_after_a_restart) {
  hold = true;
  auto many = make_step("a");
  many.config.set("jobs", 2);
  auto definition = make_definition("c", {many, make_step("b", {"a"})});
  const auto id = run(definition);
  auto done = request(rt->jobs, atom::cancel_v, id);
  settle();
  crash(); // the jobs had not noticed
  hold = false;
  start();
  BOOST_CHECK(status(id) == job_status::cancelled);
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_of_which_some_jobs_failed_is_completed) {
  failing = "a-2";
  auto many = make_step("a");
  many.config.set("jobs", 3);
  const auto id = run(make_definition("s", {many}));
  BOOST_CHECK(step_status(id, "a") == job_status::completed);
  BOOST_TEST(says(step_of(id, "a").job.id, "2 succeeded, 1 failed"));
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.failed == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_nobody_serves_fails_with_its_type) {
  const auto id = run(make_definition("w", {make_step("a", {}, "summary")}));
  BOOST_CHECK(step_status(id, "a") == job_status::failed);
  BOOST_TEST(
    step_of(id, "a").state.error.find("no worker registered for step type: "
                                      "summary")
    != std::string::npos);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_configuration_that_is_refused_fails_the_step) {
  bool looked = false;
  kind(jobs_type).validate = [](const step&) {
    return std::vector<std::string>{"depth must be > 0", "url is missing"};
  };
  kind(jobs_type).init = [&](const step_context&) {
    looked = true;
    return init_result{};
  };
  const auto id = run(make_definition("v", {make_step("a")}));
  const auto error = step_of(id, "a").state.error;
  BOOST_TEST(error.find("depth must be > 0; url is missing")
             != std::string::npos);
  BOOST_TEST(!looked);
  check_over();
}

BOOST_AUTO_TEST_CASE(children_that_do_not_fit_the_queue_fail_their_step) {
  crash();
  settings.queue.length_max = 5;
  start();
  auto many = make_step("a");
  many.config.set("jobs", 6);
  const auto id = run(make_definition("full", {many}));
  BOOST_CHECK(step_status(id, "a") == job_status::failed);
  BOOST_TEST(step_of(id, "a").state.error.find("length_max")
             != std::string::npos);
  BOOST_TEST(children(step_of(id, "a").job.id).empty());
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct tolerance_fixture : fixture {
  job_id run_with(failure_action action, int64_t tolerated) {
    failing = "a-";
    hold = true;
    auto many = make_step("a");
    many.config.set("jobs", 3);
    auto x = make_definition("t", {many, make_step("b")});
    x.error_tolerance = error_tolerance{tolerated, action};
    return run(x);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tolerance, tolerance_fixture)

BOOST_AUTO_TEST_CASE(too_many_failures_stop_the_run_when_it_says_so) {
  const auto id = run_with(failure_action::stop_all, 2);
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].context->cancelled());
  release("", job_outcome::stopped());
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_TEST(view(id).state.error.find("3 jobs failed; max_child_failures is 2")
             != std::string::npos);
  check_over();
}

BOOST_AUTO_TEST_CASE(too_many_failures_are_only_said_otherwise) {
  for (auto action : {failure_action::mark_warning, failure_action::carry_on}) {
    const auto id = run_with(action, 2);
    BOOST_TEST(says(id, "Error tolerance exceeded"));
    release();
    BOOST_CHECK(status(id) == job_status::completed);
  }
  check_over();
}

BOOST_AUTO_TEST_CASE(as_many_failures_as_tolerated_are_fine) {
  const auto id = run_with(failure_action::stop_all, 3);
  BOOST_TEST(!says(id, "Error tolerance exceeded"));
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(stopped_runs, fixture)

BOOST_AUTO_TEST_CASE(a_run_is_stopped_when_its_time_is_over) {
  hold = true;
  auto x = make_definition("slow", {make_step("a"), make_step("b", {"a"})});
  x.timeout = "30s";
  const auto id = run(x);
  advance(29s);
  BOOST_TEST(!held[0].context->cancelled());
  advance(1s);
  BOOST_TEST(held[0].context->cancelled());
  BOOST_CHECK(status(id) == job_status::running);
  release("", job_outcome::stopped());
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_TEST(view(id).state.error == "timed out after 30s");
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_cancel_is_answered_when_everything_is_terminal) {
  hold = true;
  auto many = make_step("a");
  many.config.set("jobs", 20);
  const auto id = run(make_definition("c", {many, make_step("b", {"a"})}));
  auto first = request(rt->jobs, atom::cancel_v, id);
  auto second = request(rt->jobs, atom::cancel_v, id);
  settle();
  BOOST_TEST(!first->done);
  BOOST_CHECK(status(id) == job_status::running);
  release("a-1", job_outcome::stopped());
  BOOST_TEST(!first->done);
  release();
  BOOST_TEST(first->ok());
  BOOST_TEST(second->ok());
  BOOST_CHECK(status(id) == job_status::cancelled);
  BOOST_CHECK(step_status(id, "a") == job_status::cancelled);
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  const auto counts = view(id).state.children;
  BOOST_TEST(counts.completed == 15u);
  BOOST_TEST(counts.cancelled == 5u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_cancel_in_a_retry_wait_ends_the_step_at_once) {
  kind(jobs_type).init = [](const step_context&) -> init_result {
    throw std::runtime_error{"site is down"};
  };
  auto again = make_step("a");
  again.on_error = on_error::retry;
  const auto id = run(make_definition("c", {again}));
  BOOST_TEST(ask(rt->jobs, atom::cancel_v, id).ok());
  BOOST_CHECK(status(id) == job_status::cancelled);
  advance(1min);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_run_that_is_over_cannot_be_cancelled) {
  const auto id = run(make_definition("c", {make_step("a")}));
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(is_error(ask(rt->jobs, atom::cancel_v, id).error, ec::conflict,
                      "it is completed"));
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_late_answer_does_not_change_a_terminal_job) {
  hold = true;
  const auto id = run(make_definition("l", {make_step("a")}));
  auto late = held[0];
  release();
  late.context->log(log_level::info, "too late");
  settle();
  advance(1s);
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_worker_that_dies_costs_nothing_but_time) {
  kind(jobs_type).create = [](const step_context&) {
    step_output out;
    out.jobs = make_new_jobs(2, "j");
    for (auto& x : out.jobs)
      x.retry.attempts = 1;
    return out;
  };
  hold = true;
  const auto id = run(make_definition("d", {make_step("a")}));
  BOOST_TEST(held.size() == 2u);
  held.clear();
  caf::anon_send_exit(workers.back(), caf::exit_reason::kill);
  settle();
  BOOST_TEST(workers_spawned == 2u);
  BOOST_TEST(held.size() == 1u); // nobody knows which of them it was
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  for (const auto& x : children(step_of(id, "a").job.id))
    BOOST_TEST(x.state.attempt == 2u);
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()
