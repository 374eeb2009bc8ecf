#include "tests/actors/queue_fixture.hpp"

#include <set>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : queue_fixture {
  fixture() {
    config.head_lag_max = 1;
    start();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue_recovers, fixture)

BOOST_AUTO_TEST_CASE(what_waited_and_what_ran_is_there_in_order) {
  auto& pool = attach(2);
  enqueue({named("a"), named("b"), named("c"), named("d", 0), named("e")});
  const auto before = pool.assigned;
  report(before[0]);
  BOOST_TEST(names(pool) == "d a b");
  restart();
  auto& next = attach(10);
  BOOST_TEST(names(next) == "a b c e");
  for (const auto& x : next.assigned)
    BOOST_TEST(x.epoch > before[0].epoch);
}

BOOST_AUTO_TEST_CASE(delayed_jobs_keep_their_time) {
  auto later = named("later");
  later.run_at = clock.now() + 10s;
  enqueue({later, named("now")});
  restart();
  auto& pool = attach(5);
  BOOST_TEST(names(pool) == "now");
  advance(10001ms);
  BOOST_TEST(names(pool) == "now later");
}

BOOST_AUTO_TEST_CASE(attempts_go_on_counting) {
  auto& pool = attach(1);
  enqueue(1);
  report(pool.assigned[0], job_outcome::failure("no luck"),
         [&](job_report& x) { x.retry_at = clock.now(); });
  BOOST_TEST(pool.assigned[1].attempt == 2u);
  restart();
  auto& next = attach(1);
  BOOST_REQUIRE(next.assigned.size() == 1u);
  BOOST_TEST(next.assigned[0].attempt == 2u);
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_behind_a_head_that_was_stored) {
  std::set<job_id> open;
  for (int round = 0; round < 5; ++round) {
    auto& pool = attach(2);
    for (auto id : enqueue(5))
      open.insert(id);
    for (size_t i = 0; i < 4; ++i) {
      open.erase(pool.assigned[i].job.id);
      report(pool.assigned[i]);
    }
    restart();
    std::set<job_id> found;
    for (const auto& x : entries())
      found.insert(x.id);
    BOOST_CHECK(found == open);
  }
}

BOOST_AUTO_TEST_CASE(new_jobs_come_behind_the_head_of_an_empty_queue) {
  auto& pool = attach(10);
  enqueue(10);
  for (size_t i = 0; i < 10; ++i)
    report(pool.assigned[i]);
  enqueue(1); // stores the head
  report(pool.assigned.back());
  enqueue(1);
  report(pool.assigned.back());
  BOOST_TEST(entries().empty());
  restart();
  const auto id = enqueue(1)[0];
  BOOST_REQUIRE(entries().size() == 1u);
  restart();
  auto& next = attach(1);
  BOOST_REQUIRE(next.assigned.size() == 1u);
  BOOST_CHECK(next.assigned[0].job.id == id);
}

BOOST_AUTO_TEST_CASE(a_lane_is_found_again_when_only_others_were_used_since) {
  attach(1, "other");
  const auto waiting = enqueue({named("low", 9)})[0];
  auto& pool = attach(1);
  report(pool.assigned[0]);
  for (int i = 0; i < 5; ++i) {
    enqueue({named("x", 0)});
    report(pool.assigned.back());
  }
  BOOST_CHECK(state(waiting).status == job_status::completed);
  restart();
  enqueue({named("low", 9)});
  restart();
  BOOST_TEST(entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_happened_before_its_monitor_came_is_told_to_it) {
  const auto place = new_run();
  enqueue(3, place);
  restart();
  auto& pool = attach(2);
  report(pool.assigned[0]);
  step_delta told;
  auto monitor = own(step_monitor_actor{sys.spawn(
    [&told](step_monitor_actor::pointer) -> step_monitor_actor::behavior_type {
      return {
        [&told](atom::count, const step_delta& x) { told += x; },
        [](atom::sealed) {},
        [](atom::attach) { return true; },
        [](atom::progress) { return child_counts{}; },
        [](atom::status) { return actor_status{}; },
      };
    })});
  tell(aut, atom::watch_v, place.step, monitor);
  BOOST_TEST(told.created == 0);
  BOOST_TEST(told.started == 3);
  BOOST_TEST(told.completed == 1);
  report(pool.assigned[1]);
  BOOST_TEST(told.completed == 2);
  end_actors();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(head_trackers)

BOOST_AUTO_TEST_CASE(the_head_is_the_oldest_sequence_in_use) {
  head_tracker x;
  const auto a = x.take(true);
  const auto b = x.take(true);
  const auto c = x.take(true);
  BOOST_TEST(x.head() == a);
  x.release(b);
  BOOST_TEST(x.head() == a);
  x.release(a);
  BOOST_TEST(x.head() == c);
  x.release(c);
  BOOST_TEST(x.head() == x.next());
}

BOOST_AUTO_TEST_CASE(what_is_not_pinned_does_not_hold_the_head) {
  head_tracker x;
  x.take(false);
  BOOST_TEST(x.head() == x.next());
  const auto pinned = x.take(true);
  x.take(false);
  BOOST_TEST(x.head() == pinned);
  x.release(pinned);
  BOOST_TEST(x.head() == x.next());
}

BOOST_AUTO_TEST_CASE(a_release_that_is_repeated_or_unknown_does_nothing) {
  head_tracker x;
  const auto a = x.take(true);
  x.release(a + 5);
  BOOST_TEST(x.head() == a);
  x.release(a);
  x.release(a);
  BOOST_TEST(x.head() == a + 1);
}

BOOST_AUTO_TEST_CASE(sequences_of_before_are_adopted_with_their_gaps) {
  head_tracker x;
  x.adopt(10);
  x.adopt(15);
  x.skip_to(20);
  BOOST_TEST(x.head() == 10u);
  BOOST_TEST(x.take(true) == 20u);
  x.release(10);
  BOOST_TEST(x.head() == 15u);
  x.release(15);
  BOOST_TEST(x.head() == 20u);
}

BOOST_AUTO_TEST_CASE(sequences_never_go_back) {
  head_tracker x;
  x.skip_to(100);
  x.skip_to(50);
  BOOST_TEST(x.head() == 100u);
  BOOST_TEST(x.take(true) == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
