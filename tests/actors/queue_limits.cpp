#include "tests/actors/queue_fixture.hpp"

#include <algorithm>
#include <random>
#include <set>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

new_job keyed(const std::string& name, const std::string& key,
              uint8_t priority = 4) {
  auto x = named(name, priority);
  x.limit_key = key;
  return x;
}

struct fixture : queue_fixture {
  fixture() { start(); }

  answer<queue_info> change(const std::function<void(queue_change&)>& f) {
    queue_change x;
    x.name = "default";
    f(x);
    return ask<queue_info>(aut, atom::queues_v, x);
  }

  void limit_key(std::optional<uint64_t> most) {
    BOOST_REQUIRE(change([&](auto& x) { x.key_running_max = most; }).ok());
  }

  void limit_rate(std::optional<uint64_t> most,
                  std::chrono::milliseconds period) {
    BOOST_REQUIRE(change([&](auto& x) {
                    x.rate_max = most;
                    x.rate_period = period;
                  }).ok());
  }

  explanation explain(const job_id& id) {
    auto x = ask<explanation>(aut, atom::explain_v, id);
    BOOST_REQUIRE_MESSAGE(x.ok(), message_of(x.error));
    return x.value;
  }

  answer<type_info> slots(std::optional<uint32_t> n, const std::string& type
                                                     = "t") {
    return ask<type_info>(aut, atom::put_v, type_change{type, n});
  }

  /// Its worker ends with the job.
  void die(const leased_job& lease, bool blamed = true) {
    report(lease, job_outcome::failure("gone"), [&](job_report& x) {
      x.outcome.worker_died = true;
      x.outcome.blamed = blamed;
      x.retry_at = clock.now();
      x.uncounted = true;
    });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue_limits, fixture)

// -- keys ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(jobs_with_a_key_share_its_limit_and_others_pass) {
  limit_key(2);
  auto& pool = attach(10);
  enqueue({keyed("a1", "a"), keyed("a2", "a"), keyed("a3", "a"),
           keyed("a4", "a"), keyed("b1", "b"), named("c")});
  BOOST_TEST(names(pool) == "a1 a2 b1 c");
  report(pool.assigned[1]);
  BOOST_TEST(names(pool) == "a1 a2 b1 c a3");
  report(pool.assigned[0]);
  BOOST_TEST(names(pool) == "a1 a2 b1 c a3 a4");
}

BOOST_AUTO_TEST_CASE(who_waited_for_a_key_goes_before_who_came_later) {
  limit_key(1);
  auto& pool = attach(1);
  enqueue({keyed("a1", "a"), keyed("a2", "a"), named("b"), named("c")});
  report(pool.assigned[0]);
  // Its turn had not come when its key was taken: it is the first now.
  BOOST_TEST(names(pool) == "a1 a2");
  report(pool.assigned[1]);
  BOOST_TEST(names(pool) == "a1 a2 b");
}

BOOST_AUTO_TEST_CASE(a_key_limit_changes_while_jobs_wait) {
  limit_key(1);
  auto& pool = attach(10);
  enqueue(
    {keyed("1", "a"), keyed("2", "a"), keyed("3", "a"), keyed("4", "a", 0)});
  BOOST_TEST(names(pool) == "4");
  limit_key(3);
  BOOST_TEST(names(pool) == "4 1 2");
  limit_key(std::nullopt);
  BOOST_TEST(names(pool) == "4 1 2 3");
}

BOOST_AUTO_TEST_CASE(a_job_at_its_key_says_so_and_can_be_cancelled) {
  limit_key(1);
  auto& pool = attach(10);
  const auto made
    = enqueue({keyed("1", "a"), keyed("2", "a"), keyed("3", "a")});
  const auto why = explain(made[1]);
  BOOST_CHECK(why.reason == job_reason::key_limit);
  BOOST_TEST(why.detail.find("1 of 1 jobs with the key 'a'")
             != std::string::npos);
  BOOST_TEST(*why.values.get_int("waiting") == 2);
  BOOST_TEST(ask(aut, atom::cancel_v, atom::job_v, made[1]).ok());
  BOOST_CHECK(state(made[1]).status == job_status::cancelled);
  report(pool.assigned[0]);
  BOOST_TEST(names(pool) == "1 3");
  report(pool.assigned[1]);
  BOOST_TEST(stats().ready == 0u);
}

BOOST_AUTO_TEST_CASE(who_is_let_through_and_cancelled_keeps_nobody_back) {
  limit_key(1);
  auto& pool = attach(2);
  const auto made
    = enqueue({keyed("1", "a"), named("x"), keyed("2", "a"), keyed("3", "a")});
  slots(1); // "x" keeps the only one
  slots(3); // both others come to their gate
  slots(1);
  BOOST_TEST(names(pool) == "1 x");
  report(pool.assigned[0]); // lets "2" through, which has no slot
  BOOST_CHECK(explain(made[3]).reason == job_reason::key_limit);
  BOOST_TEST(ask(aut, atom::cancel_v, atom::job_v, made[2]).ok());
  report(pool.assigned[1]);
  BOOST_TEST(names(pool) == "1 x 3");
}

BOOST_AUTO_TEST_CASE(a_suspect_at_its_key_keeps_no_other_suspect_back) {
  limit_key(1);
  auto& pool = attach(10);
  enqueue({keyed("1", "a"), named("2")});
  const auto first = pool.assigned;
  enqueue({keyed("3", "a")});
  die(first[0]); // "1" comes back, and "3" has its key by now or not
  die(first[1]);
  std::set<std::string> done;
  for (size_t i = 2; i < pool.assigned.size(); ++i) {
    const auto lease = pool.assigned[i];
    report(lease);
    done.insert(lease.job.name);
  }
  BOOST_TEST(done.size() == 3u);
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(a_key_is_kept_over_a_restart_and_a_retry) {
  limit_key(1);
  attach(10);
  enqueue({keyed("1", "a"), keyed("2", "a")});
  restart();
  auto& pool = attach(10);
  BOOST_TEST(names(pool) == "1");
  report(pool.assigned[0], job_outcome::failure("no"),
         [&](job_report& x) { x.retry_at = clock.now(); });
  BOOST_TEST(pool.assigned.size() == 2u);
  BOOST_TEST(entries().size() == 2u);
  for (const auto& x : entries())
    BOOST_TEST(x.limit_key == "a");
}

BOOST_AUTO_TEST_CASE(a_key_limit_is_never_exceeded_and_reaches_zero) {
  limit_key(3);
  auto& pool = attach(20);
  std::mt19937 random{7};
  std::vector<leased_job> running;
  size_t taken = 0;
  size_t wanted = 0;
  for (int i = 0; i < 2000; ++i) {
    if (random() % 2 == 0 && wanted < 900) {
      enqueue(
        {keyed(std::to_string(wanted), std::string(1, "abcde"[random() % 5]),
               static_cast<uint8_t>(random() % 10))});
      ++wanted;
    } else if (!running.empty()) {
      const auto at = random() % running.size();
      report(running[at]);
      running.erase(running.begin() + static_cast<ptrdiff_t>(at));
    }
    for (; taken < pool.assigned.size(); ++taken)
      running.push_back(pool.assigned[taken]);
    std::map<std::string, size_t> counts;
    for (const auto& x : running)
      BOOST_REQUIRE(++counts[x.job.limit_key] <= 3u);
  }
  while (!running.empty()) {
    report(running.back());
    running.pop_back();
    for (; taken < pool.assigned.size(); ++taken)
      running.push_back(pool.assigned[taken]);
  }
  BOOST_TEST(taken == wanted);
  BOOST_TEST(entries().empty());
}

// -- rates --------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_queue_starts_so_many_jobs_in_a_period) {
  limit_rate(2, 1s);
  auto& pool = attach(10);
  const auto made = enqueue(5);
  BOOST_TEST(pool.assigned.size() == 2u);
  const auto why = explain(made[2]);
  BOOST_CHECK(why.reason == job_reason::rate_limit);
  BOOST_TEST(*why.values.get_int("rate_max") == 2);
  advance(999ms);
  BOOST_TEST(pool.assigned.size() == 2u);
  advance(1ms);
  BOOST_TEST(pool.assigned.size() == 4u);
  advance(1s);
  BOOST_TEST(pool.assigned.size() == 5u);
}

BOOST_AUTO_TEST_CASE(no_period_has_more_starts_than_it_may) {
  limit_rate(3, 1s);
  auto& pool = attach(1000);
  enqueue(60);
  std::vector<caf::actor_clock::time_point> starts;
  std::mt19937 random{3};
  size_t seen = 0;
  while (seen < 60) {
    for (; seen < pool.assigned.size(); ++seen)
      starts.push_back(sched.clock().now());
    advance(std::chrono::milliseconds{1 + random() % 700});
  }
  for (size_t i = 3; i < starts.size(); ++i)
    BOOST_TEST((starts[i] - starts[i - 3] >= 1s));
}

BOOST_AUTO_TEST_CASE(a_rate_holds_after_a_restart_and_goes_with_its_setting) {
  limit_rate(1, 10s);
  attach(10);
  enqueue(3);
  restart();
  auto& pool = attach(10);
  BOOST_TEST(pool.assigned.empty());
  advance(10s);
  BOOST_TEST(pool.assigned.size() == 1u);
  limit_rate(std::nullopt, 10s);
  BOOST_TEST(pool.assigned.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_does_not_close_a_queue) {
  limit_rate(1, 1s);
  auto& pool = attach(10);
  enqueue(2);
  clock.set_by(-1h);
  advance(1s);
  BOOST_TEST(pool.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_period_without_a_rate_is_not_kept) {
  // Only what a restart finds is shown.
  const auto alone = change([](auto& x) { x.rate_period = 10s; });
  BOOST_REQUIRE(alone.ok());
  BOOST_CHECK(alone.value.settings == queue_settings{});
  limit_rate(2, 10s);
  const auto gone
    = change([](auto& x) { x.rate_max = std::optional<uint64_t>{}; });
  BOOST_REQUIRE(gone.ok());
  BOOST_CHECK(gone.value.settings == queue_settings{});
}

BOOST_AUTO_TEST_CASE(limits_out_of_range_are_refused) {
  auto refused
    = [&](const std::function<void(queue_change&)>& f, const char* says) {
        BOOST_TEST(is_error(change(f).error, ec::invalid_argument, says));
      };
  refused([](auto& x) { x.key_running_max = 0; }, "key_running_max");
  refused([](auto& x) { x.rate_max = 0; }, "rate_max");
  refused([](auto& x) { x.rate_max = queue_rate_max + 1; }, "rate_max");
  refused([](auto& x) { x.rate_period = 0ms; }, "rate_period");
  refused([](auto& x) { x.rate_period = 3600001ms; }, "rate_period");
}

// -- fairness -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(runs_take_turns) {
  auto one = new_run();
  auto two = new_run();
  auto jobs = [](const std::string& prefix, int n) {
    std::vector<new_job> out;
    for (int i = 1; i <= n; ++i)
      out.push_back(named(prefix + std::to_string(i)));
    return out;
  };
  enqueue(jobs("a", 4), one);
  enqueue(jobs("b", 2), two);
  enqueue({named("c1"), named("c2")});
  auto& pool = attach(10);
  BOOST_TEST(names(pool) == "a1 b1 c1 a2 b2 c2 a3 a4");
}

BOOST_AUTO_TEST_CASE(explain_knows_of_the_turns) {
  std::vector<new_job> many;
  for (int i = 0; i < 500; ++i)
    many.push_back(named("a"));
  const auto all = enqueue(std::move(many), new_run());
  const auto mine = enqueue({named("b")}, new_run());
  attach(1);
  auto why = explain(mine[0]);
  BOOST_CHECK(why.reason == job_reason::no_free_slot);
  why = explain(all[499]);
  BOOST_TEST(*why.values.get_int("before") == 499);
}

BOOST_AUTO_TEST_CASE(a_low_priority_waits_longer_but_not_for_ever) {
  auto& pool = attach(1);
  enqueue({named("first", 0), named("low", 9)});
  std::string order;
  for (int i = 0; i < 100; ++i) {
    enqueue({named("high", 0)});
    advance(1min);
    report(pool.assigned.back());
    if (pool.assigned.back().job.name == "low") {
      BOOST_TEST(i >= 85);
      BOOST_TEST(i <= 95); // 9 times `priority_aging`
      return;
    }
  }
  BOOST_FAIL("it never ran");
}

// -- slots --------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(slots_change_while_jobs_run) {
  auto& pool = attach(1);
  enqueue(5);
  BOOST_TEST(pool.assigned.size() == 1u);
  auto now = slots(3);
  BOOST_REQUIRE(now.ok());
  BOOST_TEST(now.value.slots == 3u);
  BOOST_TEST(now.value.changed);
  BOOST_TEST(pool.assigned.size() == 3u);
  slots(1);
  report(pool.assigned[0]);
  report(pool.assigned[1]);
  BOOST_TEST(pool.assigned.size() == 3u);
  report(pool.assigned[2]);
  BOOST_TEST(pool.assigned.size() == 4u);
}

BOOST_AUTO_TEST_CASE(slots_are_kept_over_a_restart_until_taken_back) {
  attach(1);
  slots(2);
  restart();
  auto& pool = attach(7);
  enqueue(9);
  BOOST_TEST(pool.assigned.size() == 2u);
  slots(std::nullopt);
  BOOST_TEST(pool.assigned.size() == 7u);
  restart();
  auto& again = attach(8);
  BOOST_TEST(again.assigned.size() == 8u);
}

BOOST_AUTO_TEST_CASE(slots_of_nobody_or_out_of_range_are_refused) {
  attach(1);
  BOOST_TEST(is_error(slots(1, "nobody").error, ec::not_found));
  BOOST_TEST(is_error(slots(0).error, ec::invalid_argument, "slots"));
  BOOST_TEST(
    is_error(slots(slots_max + 1).error, ec::invalid_argument, "slots"));
  auto all = ask<std::vector<type_info>>(aut, atom::list_v);
  BOOST_REQUIRE(all.value.size() == 1u);
  BOOST_TEST(all.value[0].type == "t");
}

// -- jobs that take their workers down ----------------------------------------

BOOST_AUTO_TEST_CASE(suspects_run_one_at_a_time_beside_others) {
  auto& pool = attach(10);
  const auto made = enqueue({named("1"), named("2"), named("3")});
  const auto first = pool.assigned;
  for (const auto& x : first)
    die(x);
  enqueue({named("4")});
  BOOST_TEST(names(pool) == "1 2 3 1 4");
  BOOST_CHECK(explain(made[2]).reason == job_reason::suspected);
  report(pool.assigned[3]);
  BOOST_TEST(names(pool) == "1 2 3 1 4 2");
  report(pool.assigned[5]);
  report(pool.assigned[6]);
  report(pool.assigned[4]);
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(
  a_job_that_takes_its_worker_down_three_times_is_quarantined) {
  auto& pool = attach(10);
  const auto id = enqueue({named("bad")}).front();
  die(pool.assigned[0]);
  BOOST_REQUIRE(pool.assigned.size() == 2u);
  BOOST_TEST(pool.assigned[1].deaths == 1u);
  die(pool.assigned[1]);
  restart();
  auto& next = attach(10);
  BOOST_REQUIRE(next.assigned.size() == 1u);
  BOOST_TEST(next.assigned[0].deaths == 2u);
  die(next.assigned[0]);
  BOOST_TEST(next.assigned.size() == 1u);
  const auto now = state(id);
  BOOST_CHECK(now.status == job_status::failed);
  BOOST_TEST(now.error.starts_with(quarantined_error));
  BOOST_CHECK(now.reason == failure_reason::quarantined);
  BOOST_TEST(entries().empty());
}

BOOST_AUTO_TEST_CASE(who_is_not_blamed_runs_again_without_being_counted) {
  auto& pool = attach(10);
  const auto id = enqueue({named("good")}).front();
  for (size_t i = 0; i < 10; ++i)
    die(pool.assigned[i], false);
  BOOST_REQUIRE(pool.assigned.size() == 11u);
  BOOST_TEST(pool.assigned.back().uncounted == 10u);
  BOOST_TEST(pool.assigned.back().deaths == 0u);
  report(pool.assigned.back());
  BOOST_CHECK(state(id).status == job_status::completed);
}

BOOST_AUTO_TEST_CASE(a_snoozed_job_says_so) {
  auto& pool = attach(1);
  const auto id = enqueue({named("later")}).front();
  report(pool.assigned[0], job_outcome::later(1min), [&](job_report& x) {
    x.retry_at = clock.now() + 1min;
    x.uncounted = true;
  });
  BOOST_CHECK(explain(id).reason == job_reason::snoozed_until);
  restart();
  auto& next = attach(1);
  BOOST_CHECK(explain(id).reason == job_reason::snoozed_until);
  advance(1min);
  advance(1ms);
  BOOST_REQUIRE(next.assigned.size() == 1u);
  BOOST_TEST(next.assigned[0].uncounted == 1u);
  BOOST_TEST(next.assigned[0].may_retry());
}

BOOST_AUTO_TEST_SUITE_END()
