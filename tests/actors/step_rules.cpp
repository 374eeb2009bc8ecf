// Conditions, the time that a step may take, attempts of a step, warnings.

#include "tests/support/actor_runtime.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Jobs whose name begins with `failing` fail; others are held, or succeed.
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

  job_state step_state(const job_id& run, const std::string& name) {
    return step_of(run, name).state;
  }

  job_status step_status(const job_id& run, const std::string& name) {
    return step_state(run, name).status;
  }

  static step with_condition(const std::string& name,
                             std::vector<std::string> depends,
                             const std::string& text) {
    auto x = make_step(name, std::move(depends));
    x.condition = text;
    return x;
  }

  static step with_timeout(const std::string& name, const std::string& limit) {
    auto x = make_step(name);
    x.step_timeout = limit;
    return x;
  }

  static step with_retry(step x, uint32_t attempts,
                         std::chrono::nanoseconds wait) {
    x.on_error = on_error::retry;
    x.retry = retry_policy{attempts, wait, wait, 0.0};
    return x;
  }

  bool warned(const job_id& run) {
    return view(run).state.result == ended_with_warning;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(conditions, fixture)

BOOST_AUTO_TEST_CASE(a_step_that_is_left_out_is_no_failure) {
  auto always = make_step("always", {"b"});
  always.always_run = true;
  const auto id = run(make_definition(
    "c", {make_step("a"), with_condition("b", {"a"}, "steps.a.failed > 0"),
          make_step("behind", {"b"}), always}));
  const auto left_out = step_state(id, "b");
  BOOST_CHECK(left_out.status == job_status::skipped);
  BOOST_TEST(left_out.error == "condition not met: steps.a.failed > 0");
  BOOST_TEST(left_out.result == left_out_by_condition);
  BOOST_CHECK(step_status(id, "behind") == job_status::skipped);
  BOOST_TEST(step_state(id, "behind").error == "dependency 'b' was skipped");
  BOOST_CHECK(step_status(id, "always") == job_status::completed);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.error == "");
  BOOST_TEST(!warned(id));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_is_left_out_stops_no_run) {
  auto b = with_condition("b", {"a"}, "false");
  b.on_error = on_error::fatal;
  auto behind = make_step("behind", {"b"});
  behind.on_error = on_error::fail;
  const auto id = run(make_definition("c", {make_step("a"), b, behind}));
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(jobs_of_steps_and_settings_of_the_run_are_asked) {
  failing = "a-1";
  auto a = make_step("a");
  a.config.set("jobs", 3);
  auto x = make_definition(
    "c",
    {a, with_condition("tell", {"a"}, "steps.a.failed >= config.tell_from"),
     with_condition("later", {"tell"},
                    "steps.a.completed == 2 and steps.tell.status == "
                    "'completed'")});
  x.config.set("tell_from", 1);
  const auto id = run(x);
  BOOST_CHECK(step_status(id, "tell") == job_status::completed);
  BOOST_CHECK(step_status(id, "later") == job_status::completed);
  auto again = ask<run_started>(rt->dispatcher, atom::execute_v,
                                run_request{"c", {{"tell_from", "2"}}, {}});
  BOOST_REQUIRE(again.ok());
  const auto second = again.value.manager;
  for (int i = 0; i < 3; ++i)
    advance(1min);
  BOOST_CHECK(step_status(second, "tell") == job_status::skipped);
  check_over();
}

BOOST_AUTO_TEST_CASE(with_always_run_a_failure_can_be_asked_for) {
  failing = "a-";
  auto tell = with_condition("tell", {"a"}, "steps.a.status == 'failed'");
  tell.always_run = true;
  auto cheer = with_condition("cheer", {"a"}, "steps.a.status == 'completed'");
  cheer.always_run = true;
  const auto id = run(make_definition("c", {make_step("a"), tell, cheer}));
  advance(10min);
  BOOST_CHECK(step_status(id, "tell") == job_status::completed);
  BOOST_CHECK(step_status(id, "cheer") == job_status::skipped);
  BOOST_TEST(step_state(id, "cheer").result == left_out_by_condition);
  check_over();
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decided_is_a_failure) {
  auto b = with_condition("b", {"a"}, "config.absent > 1");
  b.on_error = on_error::fail;
  const auto id
    = run(make_definition("c", {make_step("a"), b, make_step("c", {"b"})}));
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  BOOST_CHECK(status(id) == job_status::failed);
  BOOST_TEST(view(id).state.error
             == "step 'b' skipped: its condition cannot be decided: "
                "config.absent (null) and a constant (an integer) have no "
                "order");
  check_over();
}

BOOST_AUTO_TEST_CASE(a_restart_knows_what_was_left_out) {
  auto b = with_condition("b", {}, "false");
  b.on_error = on_error::fatal;
  hold = true;
  const auto id = run(
    make_definition("c", {b, make_step("a"), make_step("behind", {"a", "b"})}));
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  restart();
  hold = false;
  release();
  BOOST_CHECK(step_status(id, "behind") == job_status::skipped);
  BOOST_TEST(step_state(id, "behind").result == left_out_by_condition);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(!warned(id));
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(step_timeouts, fixture)

BOOST_AUTO_TEST_CASE(a_step_that_is_out_of_time_has_failed) {
  hold = true;
  auto slow = with_timeout("slow", "10s");
  slow.config.set("jobs", 20); // 4 more than there are slots
  const auto id = run(make_definition(
    "t", {slow, make_step("behind", {"slow"}), make_step("other")}));
  advance(9s);
  BOOST_CHECK(step_status(id, "slow") == job_status::running);
  advance(1s);
  release(); // they were told to stop, and had just come to their end
  release("other-1");
  BOOST_CHECK(step_status(id, "slow") == job_status::failed);
  BOOST_TEST(step_state(id, "slow").error == "timed out after 10s");
  BOOST_TEST(step_state(id, "slow").children.cancelled == 4u);
  BOOST_TEST(step_state(id, "slow").children.completed == 16u);
  BOOST_CHECK(step_status(id, "behind") == job_status::skipped);
  BOOST_CHECK(step_status(id, "other") == job_status::completed);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(warned(id));
  BOOST_TEST(ask<queue_status>(rt->queue, atom::stats_v).value.ready == 0u);
  check_over();
}

BOOST_AUTO_TEST_CASE(all_attempts_share_the_time) {
  failing = "f-";
  auto f = with_retry(with_timeout("f", "25s"), 10, 10s);
  const auto id = run(make_definition("t", {f}));
  for (int i = 0; i < 60 && step_status(id, "f") != job_status::failed; ++i)
    advance(1s);
  BOOST_TEST(step_state(id, "f").error == "timed out after 25s");
  BOOST_CHECK(step_state(id, "f").finished_at - step_state(id, "f").started_at
              == 25s);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_in_time_is_left_alone) {
  hold = true;
  const auto id = run(make_definition("t", {with_timeout("a", "10s")}));
  advance(9s);
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  advance(10s);
  BOOST_TEST(!warned(id));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_restart_takes_no_time_away_and_gives_none) {
  hold = true;
  const auto id = run(make_definition("t", {with_timeout("a", "10s")}));
  advance(4s);
  restart();
  advance(5s);
  BOOST_CHECK(step_status(id, "a") == job_status::running);
  advance(1s);
  release();
  BOOST_CHECK(step_status(id, "a") == job_status::failed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_restart_behind_the_decision_holds_to_it) {
  hold = true;
  const auto id
    = run(make_definition("t", {with_retry(with_timeout("a", "10s"), 5, 1s)}));
  advance(10s);
  BOOST_CHECK(step_status(id, "a") == job_status::running); // jobs go on
  restart();
  release();
  for (int i = 0; i < 5; ++i)
    advance(1s);
  BOOST_CHECK(step_status(id, "a") == job_status::failed);
  BOOST_TEST(step_state(id, "a").error == "timed out after 10s");
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(step_attempts, fixture)

BOOST_AUTO_TEST_CASE(they_are_told_apart_whatever_the_clock_does) {
  failing = "f-";
  auto f = with_retry(make_step("f"), 3, 10s);
  f.config.set("jobs", 4);
  const auto id = run(make_definition("t", {f}));
  for (int i = 0; i < 90 && step_status(id, "f") != job_status::pending; ++i)
    advance(1s);
  BOOST_CHECK(step_status(id, "f") == job_status::pending);
  failing = "!";
  hold = true;
  clock.set_by(-1h);
  advance(10s);
  BOOST_TEST(held.size() == 4u);
  restart();
  const auto now = ask<run_progress>(rt->jobs, atom::progress_v, id).value;
  BOOST_REQUIRE(now.steps.size() == 1u);
  BOOST_TEST(now.steps[0].children.total() == 4u);
  BOOST_TEST(now.steps[0].children.failed == 0u);
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(step_state(id, "f").children.completed == 4u);
  BOOST_TEST(step_state(id, "f").children.failed == 0u);
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(warnings, fixture)

BOOST_AUTO_TEST_CASE(failed_jobs_are_one_unless_they_are_tolerated) {
  failing = "a-1";
  auto a = make_step("a");
  a.config.set("jobs", 3);
  auto x = make_definition("w", {a});
  BOOST_TEST(warned(run(x)));
  x.error_tolerance = error_tolerance{1, failure_action::mark_warning};
  BOOST_TEST(!warned(run(x)), "as many as are tolerated");
  x.error_tolerance = error_tolerance{0, failure_action::mark_warning};
  BOOST_TEST(!warned(run(x)), "any number");
  x.error_tolerance = error_tolerance{1, failure_action::carry_on};
  BOOST_TEST(!warned(run(x)), "they are to be gone on with");
  check_over();
}

BOOST_AUTO_TEST_CASE(
  more_failures_than_tolerated_are_marked_if_that_is_wanted) {
  kind(jobs_type).execute = [](job_context& x) -> std::optional<job_outcome> {
    if (x.job().name == "a-3")
      return job_outcome::ok();
    return job_outcome::failure("no luck", false);
  };
  auto a = make_step("a");
  a.config.set("jobs", 3);
  auto x = make_definition("w", {a});
  x.error_tolerance = error_tolerance{1, failure_action::mark_warning};
  const auto marked = run(x);
  BOOST_CHECK(status(marked) == job_status::completed);
  BOOST_TEST(warned(marked));
  BOOST_TEST(says(marked, "Error tolerance exceeded"));
  x.error_tolerance->action = failure_action::carry_on;
  const auto logged = run(x);
  BOOST_TEST(!warned(logged));
  BOOST_TEST(says(logged, "Error tolerance exceeded"));
  check_over();
}

BOOST_AUTO_TEST_CASE(a_failed_step_is_one) {
  failing = "a-";
  const auto id = run(make_definition("w", {make_step("a")}));
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(warned(id));
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(terms_of_a_step, runtime_fixture)

BOOST_AUTO_TEST_CASE(jobs_that_its_jobs_spawn_have_them_too) {
  kind(jobs_type).execute = [](job_context& x) -> std::optional<job_outcome> {
    if (x.job().name == "a-1") {
      auto plain = make_new_jobs(1, "plain-")[0];
      plain.retry = {};
      x.spawn(plain);
      auto other = make_new_jobs(1, "other-")[0];
      other.queue = "quick";
      other.priority = 7;
      other.limit_key = "one";
      other.timeout = 5s;
      other.tags = {"requires:gpu", "mine"};
      x.spawn(other);
    }
    return job_outcome::ok();
  };
  settings.labels = {"gpu"};
  start();
  auto a = make_step("a");
  a.job = {"slow", 2, "1m", "host", {"gpu"}};
  a.retry = retry_policy{5, 1s, 1s, 0.0};
  const auto id = run(make_definition("t", {a}));
  BOOST_CHECK(status(id) == job_status::completed);
  std::map<std::string, queue_job> jobs;
  for (const auto& x : children(step_of(id, "a").job.id))
    jobs[x.job.name] = x.job;
  BOOST_REQUIRE_EQUAL(jobs.size(), 3u);
  const auto& plain = jobs.at("plain-1");
  BOOST_TEST(plain.queue == "slow");
  BOOST_TEST(plain.priority == 2);
  BOOST_TEST((plain.retry == *a.retry));
  BOOST_TEST((plain.timeout == 1min));
  BOOST_TEST(plain.limit_key == "host");
  BOOST_TEST((plain.tags == std::vector<std::string>{"requires:gpu"}));
  const auto& other = jobs.at("other-1");
  BOOST_TEST(other.queue == "quick");
  BOOST_TEST(other.priority == 7);
  BOOST_TEST(other.retry.attempts == 1u);
  BOOST_TEST((other.timeout == 5s));
  BOOST_TEST(other.limit_key == "one");
  BOOST_TEST((other.tags == std::vector<std::string>{"requires:gpu", "mine"}));
  check_over();
}

BOOST_AUTO_TEST_SUITE_END()
