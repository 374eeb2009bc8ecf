#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : queue_fixture {
  job_place run;
  fixture() {
    start();
    run = new_run();
  }

  size_t count(const std::vector<job_id>& of, job_status x) const {
    return static_cast<size_t>(
      std::count_if(of.begin(), of.end(),
                    [&](const job_id& id) { return state(id).status == x; }));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue_cancels, fixture)

BOOST_AUTO_TEST_CASE(waiting_jobs_are_cancelled_and_running_ones_are_told) {
  auto& pool = attach(1);
  auto jobs = enqueue(3, run);
  auto later = named("later");
  later.run_at = clock.now() + 1h;
  jobs.push_back(enqueue({later}, run)[0]);
  const auto others = enqueue(1);
  auto done = request(aut, atom::cancel_v, run.manager);
  settle();
  BOOST_TEST(count(jobs, job_status::cancelled) == 3u);
  BOOST_REQUIRE(pool.cancelled.size() == 1u);
  BOOST_CHECK(pool.cancelled[0] == jobs[0]);
  BOOST_TEST(!done->done);
  report(pool.assigned[0], job_outcome::stopped());
  BOOST_TEST(done->ok());
  BOOST_TEST(count(jobs, job_status::cancelled) == 4u);
  BOOST_TEST(pool.assigned.size() == 2u);
  BOOST_CHECK(pool.assigned[1].job.id == others[0]);
}

BOOST_AUTO_TEST_CASE(a_cancel_is_answered_after_the_last_commit) {
  attach(1);
  enqueue(1, run);
  auto& pool = pools.front();
  auto done = request(aut, atom::cancel_v, run.manager);
  settle();
  hold = true;
  report(pool.assigned[0], job_outcome::stopped());
  BOOST_TEST(!done->done);
  release_commits();
  BOOST_TEST(done->ok());
}

BOOST_AUTO_TEST_CASE(a_run_without_jobs_is_cancelled_at_once) {
  BOOST_TEST(ask(aut, atom::cancel_v, run.manager).ok());
}

BOOST_AUTO_TEST_CASE(jobs_on_their_way_in_are_cancelled_when_they_arrive) {
  auto& pool = attach(5);
  hold = true;
  auto wanted = make_request({named("a"), named("b")}, run);
  auto queued = request(aut, atom::enqueue_v, wanted);
  settle();
  auto done = request(aut, atom::cancel_v, run.manager);
  settle();
  BOOST_TEST(!done->done);
  hold = false;
  release_commits();
  BOOST_TEST(queued->ok());
  BOOST_TEST(done->ok());
  BOOST_TEST(pool.assigned.empty());
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(children_and_retries_of_a_cancelled_run_are_dropped) {
  auto& pool = attach(2);
  const auto jobs = enqueue(2, run);
  request(aut, atom::cancel_v, run.manager);
  settle();
  report(pool.assigned[0], job_outcome::ok(),
         [](job_report& x) { x.children = {named("child")}; });
  report(pool.assigned[1], job_outcome::failure("no luck"),
         [&](job_report& x) { x.retry_at = clock.now(); });
  BOOST_CHECK(state(jobs[0]).status == job_status::completed);
  BOOST_CHECK(state(jobs[1]).status == job_status::cancelled);
  BOOST_TEST(entries().empty());
  BOOST_TEST(pool.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_cancelled_run_takes_no_jobs_until_it_is_forgotten) {
  ask(aut, atom::cancel_v, run.manager);
  auto refused = ask(aut, atom::enqueue_v, make_request({named("a")}, run));
  BOOST_TEST(is_error(refused.error, ec::conflict));
  tell(aut, atom::forget_v, run.manager);
  BOOST_TEST(ask(aut, atom::enqueue_v, make_request({named("a")}, run)).ok());
}

BOOST_AUTO_TEST_CASE(jobs_whose_records_are_being_read_are_cancelled_too) {
  config.resident_bytes_max = 0;
  start();
  const auto jobs = enqueue(2, run);
  auto& pool = attach(1); // settles: one is assigned
  auto done = request(aut, atom::cancel_v, run.manager);
  settle();
  report(pool.assigned[0], job_outcome::stopped());
  BOOST_TEST(done->ok());
  BOOST_TEST(count(jobs, job_status::cancelled) == 2u);
  enqueue(1);
  BOOST_TEST(pool.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(cancelled_jobs_give_their_memory_back) {
  auto big = named("big");
  big.config = "{\"x\":\"" + std::string(2000, 'x') + "\"}";
  config.resident_bytes_max = 4000;
  start();
  enqueue({big}, run);
  ask(aut, atom::cancel_v, run.manager);
  enqueue({big});
  attach(1);
  auto how = ask<actor_status>(aut, atom::status_v).value;
  for (const auto& [name, number] : how.numbers)
    if (name == "resident_bytes")
      BOOST_TEST(number == 0);
  BOOST_TEST(how.numbers.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_draining_queue_assigns_nothing_and_says_when_idle) {
  auto& pool = attach(1);
  enqueue(2);
  auto done = request(aut, atom::drain_v);
  settle();
  BOOST_TEST(!done->done);
  report(pool.assigned[0]);
  BOOST_TEST(done->ok());
  BOOST_TEST(pool.assigned.size() == 1u);
  BOOST_TEST(stats().ready == 1u);
  BOOST_TEST(ask(aut, atom::drain_v).ok());
}

BOOST_AUTO_TEST_SUITE_END()
