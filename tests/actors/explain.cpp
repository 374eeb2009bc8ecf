#include "tests/support/actor_runtime.hpp"

#include <set>
#include <stdexcept>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Two slots; jobs are held.
struct fixture : runtime_fixture {
  std::set<job_reason> seen;
  bool hold = true;

  fixture() {
    kind(jobs_type).slots = 2;
    kind(jobs_type).execute = [this](job_context&) {
      return hold ? std::optional<job_outcome>{} : job_outcome::ok();
    };
    start();
  }

  explanation explain(const job_id& id) {
    auto found = ask<explanation>(rt->jobs, atom::explain_v, id);
    BOOST_REQUIRE_MESSAGE(found.ok(), message_of(found.error));
    BOOST_TEST(!found.value.detail.empty());
    BOOST_TEST(found.value.values.is_object());
    seen.insert(found.value.reason);
    return found.value;
  }

  void check(const job_id& id, job_reason reason) {
    const auto found = explain(id);
    BOOST_TEST(to_string(found.reason) == to_string(reason), found.detail);
  }

  job_id enqueue(new_job x) {
    auto order = std::make_shared<enqueue_order>();
    order->jobs.push_back(std::move(x));
    auto made = ask<enqueued>(rt->jobs, atom::enqueue_v,
                              enqueue_order_ptr{std::move(order)});
    BOOST_REQUIRE_MESSAGE(made.ok(), message_of(made.error));
    return made.value.ids[0];
  }
  job_id enqueue() { return enqueue(make_new_jobs(1, "j")[0]); }

  void change(const std::string& queue, bool paused,
              std::optional<uint64_t> running_max = {}) {
    queue_change x;
    x.name = queue;
    x.paused = paused;
    x.running_max = running_max;
    BOOST_REQUIRE(ask<queue_info>(rt->queue, atom::queues_v, x).ok());
  }

  // -- the life of single jobs ------------------------------------------------

  void check_lanes() {
    auto x = make_new_jobs(1, "j")[0];
    x.type = "nobody";
    check(enqueue(x), job_reason::no_worker);
    x = make_new_jobs(1, "j")[0];
    x.queue = "held";
    change("held", true);
    check(enqueue(x), job_reason::queue_paused);
    change("held", false, 1);
    const auto last = enqueue(x);
    const auto found = explain(last);
    BOOST_CHECK(found.reason == job_reason::queue_limit);
    BOOST_TEST(found.detail == "its queue 'held' runs 1 of 1 jobs");
    const auto first = enqueue(); // the second slot
    check(first, job_reason::running);
    check(enqueue(), job_reason::no_free_slot);
    enqueue();
    const auto behind = explain(enqueue());
    BOOST_CHECK(behind.reason == job_reason::behind_others);
    BOOST_TEST(behind.values.find("before")->as_int() == 2);
    BOOST_TEST(behind.values.find("slots")->as_int() == 2);
  }

  void check_time() {
    auto x = make_new_jobs(1, "later")[0];
    x.run_at = clock.now() + 1h;
    check(enqueue(x), job_reason::delayed_until);
    x = make_new_jobs(1, "soon")[0];
    x.run_at = clock.now() + 1h;
    x.expires_at = clock.now() + 10s;
    const auto soon = enqueue(x);
    advance(11s);
    check(soon, job_reason::expired);
    hold = false;
    release();
    settle();
    hold = true;
    x = make_new_jobs(1, "again")[0];
    x.retry = {5, 1h, 1h, 0};
    const auto again = enqueue(x);
    release("again1", job_outcome::failure("no luck"));
    check(again, job_reason::retry_at);
    const auto stopped = enqueue();
    request(rt->jobs, atom::cancel_v, stopped);
    settle();
    check(stopped, job_reason::cancelling);
    release();
    check(stopped, job_reason::finished);
  }

  void check_run() {
    const auto id
      = run(make_definition("d", {make_step("a"), make_step("b", {"a"})}));
    check(id, job_reason::waiting_for_steps);
    const auto found = explain(id);
    BOOST_TEST(found.detail == "0 of 2 steps are over; it waits for a");
    const auto a = step_of(id, "a").job.id;
    check(a, job_reason::waiting_for_children);
    request(rt->jobs, atom::cancel_v, a);
    settle();
    check(a, job_reason::cancelling);
    request(rt->jobs, atom::cancel_v, id);
    settle();
    check(id, job_reason::cancelling);
    release("", job_outcome::stopped());
    check(id, job_reason::finished);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(explanations, fixture)

BOOST_AUTO_TEST_CASE(every_reason_of_a_job_in_the_lanes) {
  check_lanes();
}

BOOST_AUTO_TEST_CASE(every_reason_of_time) {
  check_time();
}

BOOST_AUTO_TEST_CASE(every_reason_of_a_run_and_its_steps) {
  check_run();
}

BOOST_AUTO_TEST_CASE(a_step_that_waits_for_its_next_attempt_says_when) {
  kind(jobs_type).init = [](const step_context&) -> init_result {
    throw std::runtime_error{"site is down"};
  };
  auto again = make_step("a");
  again.on_error = on_error::retry;
  const auto id = run(make_definition("d", {again}));
  check(step_of(id, "a").job.id, job_reason::retry_at);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_starts_or_stops_says_so) {
  const auto first = enqueue();
  enqueue();
  const auto waits = enqueue();
  request(rt->queue, atom::drain_v);
  settle();
  check(first, job_reason::running);
  check(waits, job_reason::daemon_draining);
  crash();
  make_runtime();
  check(waits, job_reason::daemon_starting);
}

BOOST_AUTO_TEST_CASE(a_run_that_cannot_be_brought_back_says_so) {
  queue_job broken;
  broken.id.bytes.fill(9);
  broken.manager_id = broken.id;
  broken.type = manager_job_type;
  broken.config = "no JSON";
  storage::write_batch batch;
  storage::put_job(batch, broken);
  storage::put_active(batch, broken.id);
  BOOST_REQUIRE(db->write(batch, true).ok());
  restart();
  check(broken.id, job_reason::unreadable);
}

BOOST_AUTO_TEST_CASE(a_copy_says_what_it_waits_for) {
  const auto copy = ask<job_made>(rt->jobs, atom::copy_v, enqueue()).value.id;
  check(copy, job_reason::held);
  restart();
  check(copy, job_reason::held);
  auto cancelled = ask<void>(rt->jobs, atom::cancel_v, copy);
  BOOST_TEST(is_error(cancelled.error, ec::conflict, "copy"));
}

BOOST_AUTO_TEST_CASE(nobody_is_not_explained) {
  job_id nobody;
  nobody.bytes.fill(7);
  auto found = ask<explanation>(rt->jobs, atom::explain_v, nobody);
  BOOST_TEST(is_error(found.error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(every_reason_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (size_t i = 0; i < job_reason_count; ++i)
    names.insert(to_string(static_cast<job_reason>(i)));
  BOOST_TEST(names.size() == job_reason_count);
}

BOOST_AUTO_TEST_SUITE_END()
