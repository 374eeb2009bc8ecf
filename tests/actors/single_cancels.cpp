#include "tests/support/actor_runtime.hpp"

#include <stdexcept>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Jobs are held until a test lets them go; four at a time.
struct fixture : runtime_fixture {
  bool hold = true;

  fixture() {
    kind(jobs_type).slots = 4;
    kind(jobs_type).execute = [this](job_context&) {
      return hold ? std::optional<job_outcome>{} : job_outcome::ok();
    };
    start();
  }

  job_status step_status(const job_id& manager, const std::string& name) {
    return step_of(manager, name).state.status;
  }

  std::shared_ptr<answer<void>> cancel(const job_id& id) {
    auto out = request(rt->jobs, atom::cancel_v, id);
    settle();
    return out;
  }

  step step_with(const std::string& name, int jobs, on_error how,
                 std::vector<std::string> depends = {}) {
    auto x = make_step(name, std::move(depends));
    x.config.set("jobs", jobs);
    x.on_error = how;
    return x;
  }

  /// Queues jobs of their own.
  std::vector<job_id> enqueue(size_t n, timestamp run_at = {}) {
    auto order = std::make_shared<enqueue_order>();
    order->jobs = make_new_jobs(n, "j");
    for (auto& x : order->jobs)
      x.run_at = run_at;
    auto made = ask<enqueued>(rt->jobs, atom::enqueue_v,
                              enqueue_order_ptr{std::move(order)});
    BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
    return made.value.ids;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(single_cancels, fixture)

BOOST_AUTO_TEST_CASE(an_answered_cancel_survives_a_loss_of_power) {
  settings.queue.report_durability = durability::buffered;
  restart();
  const auto jobs = enqueue(6);
  BOOST_TEST(held.size() == 4u);
  const auto waits = cancel(jobs[5]);
  BOOST_TEST(waits->ok());
  BOOST_TEST(db->unsynced() == 0u);
  const auto runs = cancel(jobs[0]);
  release("j1", job_outcome::stopped());
  BOOST_TEST(runs->ok());
  crash();
  BOOST_REQUIRE(db->power_loss().ok());
  start();
  BOOST_CHECK(status(jobs[5]) == job_status::cancelled);
  BOOST_CHECK(status(jobs[0]) == job_status::cancelled);
}

BOOST_AUTO_TEST_CASE(a_cancel_is_final_whenever_it_comes) {
  settings.queue.report_durability = durability::buffered;
  restart();
  size_t in_time = 0;
  for (int before = 0;; ++before) {
    const auto job = enqueue(1).front();
    auto attempt = std::move(held.front());
    held.clear();
    attempt.reply.deliver(job_outcome::ok());
    for (int n = 0; n < before && sched.has_job(); ++n)
      sched.try_run_once();
    const bool late = !sched.has_job();
    const auto answered = request(rt->queue, atom::cancel_v, atom::job_v, job);
    settle();
    BOOST_TEST(answered->done);
    crash();
    BOOST_REQUIRE(db->power_loss().ok());
    start();
    if (answered->ok())
      BOOST_TEST(is_terminal(status(job)), "after " << before << " messages");
    in_time += size_t{answered->ok()};
    release();
    if (late)
      break;
  }
  BOOST_TEST(in_time > 0u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_that_a_crash_interrupted_is_counted_as_it_was) {
  const auto jobs = enqueue(5);
  queue_change paused;
  paused.name = "default";
  paused.paused = true;
  BOOST_REQUIRE(ask<queue_info>(rt->queue, atom::queues_v, paused).ok());
  restart();
  BOOST_TEST(held.empty());
  BOOST_TEST(cancel(jobs[0])->ok()); // it ran
  BOOST_TEST(cancel(jobs[4])->ok()); // it did not
  check_database();
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_is_cancelled_alone) {
  const auto jobs = enqueue(6);
  BOOST_TEST(held.size() == 4u);
  BOOST_TEST(cancel(jobs[5])->ok());
  BOOST_CHECK(status(jobs[5]) == job_status::cancelled);
  BOOST_TEST(view(jobs[5]).state.error == "cancelled by user");
  hold = false;
  release();
  BOOST_CHECK(status(jobs[4]) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_delayed_job_is_cancelled_at_once) {
  const auto jobs = enqueue(1, clock.now() + 1h);
  BOOST_TEST(cancel(jobs[0])->ok());
  BOOST_CHECK(status(jobs[0]) == job_status::cancelled);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_that_runs_is_told_and_waited_for) {
  const auto jobs = enqueue(2);
  auto first = cancel(jobs[0]);
  auto second = cancel(jobs[0]);
  BOOST_TEST(!first->done);
  BOOST_TEST(held[0].context->cancelled());
  BOOST_TEST(!held[1].context->cancelled());
  release("j1", job_outcome::stopped());
  BOOST_TEST(first->ok());
  BOOST_TEST(second->ok());
  BOOST_CHECK(status(jobs[0]) == job_status::cancelled);
  release();
  BOOST_CHECK(status(jobs[1]) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_that_ends_well_was_too_late_to_be_cancelled) {
  const auto jobs = enqueue(1);
  auto done = cancel(jobs[0]);
  release();
  BOOST_TEST(done->ok());
  BOOST_CHECK(status(jobs[0]) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_for_a_retry_does_not_get_it) {
  auto order = std::make_shared<enqueue_order>();
  order->jobs = make_new_jobs(1, "j");
  order->jobs[0].retry = {5, 1min, 1h, 0};
  const auto id = ask<enqueued>(rt->jobs, atom::enqueue_v,
                                enqueue_order_ptr{std::move(order)})
                    .value.ids[0];
  release("", job_outcome::failure("no luck"));
  BOOST_CHECK(status(id) == job_status::pending);
  BOOST_TEST(cancel(id)->ok());
  BOOST_CHECK(status(id) == job_status::cancelled);
  advance(1h);
  BOOST_TEST(held.empty());
  check_over();
}

BOOST_AUTO_TEST_CASE(a_job_of_a_step_is_counted_where_it_belongs) {
  const auto id
    = run(make_definition("c", {step_with("a", 6, on_error::fail)}));
  const auto leaf = children(step_of(id, "a").job.id).back().job.id;
  BOOST_TEST(cancel(leaf)->ok());
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.cancelled == 1u);
  BOOST_TEST(view(id).state.children.completed == 5u);
  check_over();
}

BOOST_AUTO_TEST_CASE(what_is_over_or_unknown_cannot_be_cancelled) {
  hold = false;
  const auto jobs = enqueue(1);
  BOOST_TEST(is_error(cancel(jobs[0])->error, ec::conflict, "it is completed"));
  const auto id = run(make_definition("c", {make_step("a")}));
  BOOST_TEST(is_error(cancel(step_of(id, "a").job.id)->error, ec::conflict));
  job_id nobody;
  nobody.bytes.fill(7);
  BOOST_TEST(is_error(cancel(nobody)->error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_step_is_cancelled_and_the_run_goes_on) {
  const auto id
    = run(make_definition("c", {step_with("a", 6, on_error::carry_on),
                                step_with("b", 1, on_error::carry_on, {"a"}),
                                step_with("other", 1, on_error::carry_on)}));
  const auto a = step_of(id, "a").job.id;
  auto done = cancel(a);
  auto again = cancel(a);
  BOOST_TEST(!done->done);
  release("a-1", job_outcome::stopped());
  release("a-2", job_outcome::stopped());
  release("a-3", job_outcome::stopped());
  BOOST_TEST(!done->done);
  release("a-4", job_outcome::stopped());
  BOOST_TEST(done->ok());
  BOOST_TEST(again->ok());
  BOOST_CHECK(step_status(id, "a") == job_status::cancelled);
  BOOST_TEST(step_of(id, "a").state.error == "cancelled by user");
  BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  BOOST_CHECK(status(id) == job_status::running);
  hold = false;
  release();
  BOOST_CHECK(step_status(id, "other") == job_status::completed);
  BOOST_CHECK(status(id) == job_status::completed);
  BOOST_TEST(view(id).state.children.cancelled == 6u);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_cancelled_step_is_to_its_run_like_a_failed_one) {
  for (auto how : {on_error::fail, on_error::fatal}) {
    const auto id = run(make_definition(
      "c", {step_with("a", 1, how), step_with("b", 1, how, {"a"})}));
    auto done = cancel(step_of(id, "a").job.id);
    release("", job_outcome::stopped());
    BOOST_TEST(done->ok());
    BOOST_CHECK(status(id) == job_status::failed);
    BOOST_TEST(view(id).state.error == "step 'a' was cancelled");
    BOOST_CHECK(step_status(id, "b") == job_status::skipped);
  }
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_waits_for_its_next_attempt_is_cancelled) {
  kind(jobs_type).init = [](const step_context&) -> init_result {
    throw std::runtime_error{"site is down"};
  };
  const auto id
    = run(make_definition("c", {step_with("a", 1, on_error::retry)}));
  BOOST_TEST(cancel(step_of(id, "a").job.id)->ok());
  BOOST_CHECK(step_status(id, "a") == job_status::cancelled);
  advance(1min);
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(a_step_that_is_being_cancelled_stays_so_after_a_restart) {
  const auto id
    = run(make_definition("c", {step_with("a", 6, on_error::carry_on),
                                step_with("other", 1, on_error::carry_on)}));
  cancel(step_of(id, "a").job.id);
  restart();
  release("", job_outcome::stopped());
  BOOST_CHECK(step_status(id, "a") == job_status::cancelled);
  hold = false;
  release();
  BOOST_CHECK(status(id) == job_status::completed);
  check_over();
}

BOOST_AUTO_TEST_CASE(children_of_a_cancelled_step_are_dropped) {
  const auto id
    = run(make_definition("c", {step_with("a", 1, on_error::carry_on)}));
  auto done = cancel(step_of(id, "a").job.id);
  held[0].context->spawn(make_new_jobs(3, "child")[0]);
  release();
  BOOST_TEST(done->ok());
  BOOST_TEST(children(step_of(id, "a").job.id).size() == 1u);
  check_over();
}

BOOST_AUTO_TEST_CASE(nothing_follows_the_end_of_a_run_that_is_being_stored) {
  for (size_t messages = 0; messages < 120; ++messages) {
    BOOST_TEST_CONTEXT("cancelled after " << messages << " messages") {
      fixture x;
      const auto id = x.run(make_definition("d", {make_step("a")}));
      BOOST_REQUIRE(x.held.size() == 1u);
      x.held.front().reply.deliver(job_outcome::ok());
      x.held.clear();
      x.sched.run(messages);
      x.cancel(id);
      std::vector<job_event> events;
      BOOST_REQUIRE(storage::read_events(*x.db, id, events).ok());
      BOOST_TEST(is_terminal(events.back().status));
      x.check_over();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
