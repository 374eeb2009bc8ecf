// Pools that are silent, and nodes that are full.

#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct fixture : queue_fixture {
  fixture() {
    config.lease = 15s;
    start();
  }

  void pass(std::chrono::seconds time) {
    for (; time > 0s; time -= 1s)
      advance(1s);
  }

  void renew(const fake_pool& x) {
    auto me = caf::actor_cast<caf::strong_actor_ptr>(x.handle);
    auto to = caf::actor_cast<caf::strong_actor_ptr>(aut);
    to->enqueue(
      caf::make_mailbox_element(me, caf::make_message_id(), {}, atom::renew_v),
      nullptr);
    settle();
  }

  explanation explain(const job_id& id) {
    auto found = ask<explanation>(aut, atom::explain_v, id);
    BOOST_REQUIRE_MESSAGE(found.ok(), message_of(found.error));
    return found.value;
  }

  answer<node_info> limit(std::optional<uint64_t> n, const std::string& node
                                                     = "here") {
    return ask<node_info>(aut, atom::put_v, node_change{node, n});
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue_leases, fixture)

BOOST_AUTO_TEST_CASE(jobs_of_a_silent_pool_go_to_another_one) {
  auto& silent = attach(2);
  const auto ids_ = enqueue(3);
  BOOST_TEST(silent.assigned.size() == 2u);
  for (const auto& x : silent.assigned)
    store_start(x);
  auto& other = attach(4);
  BOOST_TEST(names(other) == "3");
  pass(10s);
  renew(other);
  pass(4s);
  BOOST_TEST(silent.expired == 0);
  pass(1s);
  BOOST_TEST(silent.expired == 1);
  BOOST_TEST(other.expired == 0);
  BOOST_TEST(names(other) == "3 1 2");
  BOOST_TEST(other.assigned[1].epoch > silent.assigned[0].epoch);
  BOOST_TEST(other.assigned[1].attempt == 2u);
  // What the silent one says now is of an older epoch.
  report(silent.assigned[0]);
  BOOST_CHECK(state(ids_[0]).status == job_status::pending);
  report(other.assigned[1]);
  BOOST_CHECK(state(ids_[0]).status == job_status::completed);
  // Its slots are gone with its lease.
  enqueue(8);
  BOOST_TEST(silent.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_pool_that_lives_keeps_its_jobs_for_ever) {
  auto& pool = attach(1);
  enqueue(1);
  for (int i = 0; i < 100; ++i) {
    pass(14s);
    renew(pool);
  }
  BOOST_TEST(pool.expired == 0);
  BOOST_TEST(pool.assigned.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lease_begins_with_the_first_job) {
  auto& pool = attach(1);
  pass(60s);
  enqueue(1);
  pass(14s);
  BOOST_TEST(pool.expired == 0);
  report(pool.assigned[0]);
  pass(60s);
  BOOST_TEST(pool.expired == 0);
  enqueue(1);
  BOOST_TEST(pool.assigned.size() == 2u);
  pass(15s);
  BOOST_TEST(pool.expired == 1);
}

BOOST_AUTO_TEST_CASE(a_process_that_stood_still_takes_nothing_away) {
  auto& pool = attach(1);
  enqueue(1);
  advance(10min); // of everybody
  BOOST_TEST(pool.expired == 0);
  pass(14s);
  BOOST_TEST(pool.expired == 0);
  pass(1s);
  BOOST_TEST(pool.expired == 1);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_takes_nothing_away) {
  auto& pool = attach(1);
  enqueue(1);
  clock.set_by(1h);
  pass(14s);
  BOOST_TEST(pool.expired == 0);
}

BOOST_AUTO_TEST_CASE(a_pool_that_comes_back_is_one_like_others) {
  auto& pool = attach(1);
  enqueue(1);
  pass(15s);
  BOOST_TEST(pool.expired == 1);
  tell(aut, atom::attach_v, pool.handle, offer("t", "here", 1));
  BOOST_TEST(names(pool) == "1 1");
  pass(14s);
  renew(pool);
  pass(14s);
  BOOST_TEST(pool.expired == 1);
  report(pool.assigned[1]);
  BOOST_TEST(stats().leased == 0u);
}

BOOST_AUTO_TEST_CASE(a_lost_start_that_nobody_stored_is_stored_with_the_end) {
  auto& pool = attach(0);
  tell(aut, atom::attach_v, pool.handle,
       pool_offer{"t", "here", 1, false, false, {}});
  const auto id = enqueue(1).at(0);
  BOOST_TEST(pool.assigned.size() == 1u);
  pass(15s);
  BOOST_TEST(pool.expired == 1);
  // Counted as one that ran and waits again, not as one that never started.
  const auto& end = *commits.back();
  BOOST_REQUIRE(end.events.size() == 2u);
  BOOST_CHECK(end.events[0].id == id);
  BOOST_CHECK(end.places[0].from == job_status::pending);
  BOOST_CHECK(end.events[0].status == job_status::running);
  BOOST_CHECK(end.places[1].from == job_status::running);
  BOOST_CHECK(end.events[1].status == job_status::pending);
  BOOST_TEST(state(id).attempt == 1u);
}

BOOST_AUTO_TEST_CASE(a_start_that_a_lost_pool_never_stored_is_stored_too) {
  auto& pool = attach(2);
  const auto made = enqueue(2);
  store_start(pool.assigned[0]);
  pass(15s);
  BOOST_TEST(pool.expired == 1);
  const auto& end = *commits.back();
  BOOST_REQUIRE(end.events.size() == 3u);
  BOOST_CHECK(end.events[0].id == made[0]);
  BOOST_CHECK(end.places[0].from == job_status::running);
  BOOST_CHECK(end.events[1].id == made[1]);
  BOOST_CHECK(end.events[1].status == job_status::running);
  BOOST_CHECK(end.places[1].from == job_status::pending);
  BOOST_CHECK(end.places[2].from == job_status::running);
  for (const auto& id : made)
    BOOST_CHECK(state(id).status == job_status::pending);
}

BOOST_AUTO_TEST_CASE(with_it_ends_what_a_restart_had_interrupted) {
  auto& pool = attach(1);
  const auto id = enqueue(1).at(0);
  store_start(pool.assigned[0]);
  restart();
  auto& next = attach(1);
  BOOST_REQUIRE(next.assigned.size() == 1u);
  BOOST_TEST(next.assigned[0].attempt == 2u);
  pass(15s);
  BOOST_TEST(next.expired == 1);
  const auto& end = *commits.back();
  BOOST_REQUIRE(end.events.size() == 3u);
  BOOST_CHECK(end.events[0].status == job_status::pending);
  BOOST_TEST(end.events[0].attempt == 1u);
  BOOST_CHECK(end.places[0].from == job_status::running);
  BOOST_CHECK(end.events[1].status == job_status::running);
  BOOST_TEST(end.events[1].attempt == 2u);
  BOOST_CHECK(end.places[1].from == job_status::pending);
  BOOST_CHECK(end.places[2].from == job_status::running);
  BOOST_CHECK(state(id).status == job_status::pending);
}

BOOST_AUTO_TEST_CASE(jobs_of_a_lost_pool_can_be_cancelled_at_any_moment) {
  const auto where = new_run();
  auto& pool = attach(2);
  const auto run = enqueue(1, where);
  const auto alone = enqueue(1);
  hold = true;
  pass(15s);
  BOOST_TEST(pool.expired == 1);
  const auto whole = request(aut, atom::cancel_v, where.manager);
  const auto single = request(aut, atom::cancel_v, atom::job_v, alone[0]);
  settle();
  BOOST_TEST(!whole->done);
  BOOST_TEST(!single->done);
  hold = false;
  release_commits();
  BOOST_TEST(whole->ok());
  BOOST_TEST(single->ok());
  BOOST_CHECK(state(run[0]).status == job_status::cancelled);
  BOOST_CHECK(state(alone[0]).status == job_status::cancelled);
}

BOOST_AUTO_TEST_CASE(a_pool_that_comes_back_early_gets_no_slot_twice) {
  auto& pool = attach(2);
  enqueue(8);
  for (const auto& x : pool.assigned)
    store_start(x);
  hold = true;
  pass(15s);
  BOOST_TEST(pool.expired == 1);
  tell(aut, atom::attach_v, pool.handle, offer("t", "here", 2));
  BOOST_TEST(pool.assigned.size() == 4u);
  hold = false;
  release_commits(); // of the ends of what it had before
  BOOST_TEST(pool.assigned.size() == 4u, "two run, and there are two slots");
  const auto nodes = ask<std::vector<node_info>>(aut, atom::nodes_v).value;
  BOOST_TEST(nodes.at(0).running == 2u);
  report(pool.assigned[3]);
  BOOST_TEST(pool.assigned.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_pool_whose_jobs_others_store_owes_nothing) {
  auto& pool = attach(1);
  enqueue(1);
  hold = true;
  report(pool.assigned[0]);
  pass(120s);
  BOOST_TEST(pool.expired == 0);
  hold = false;
  release_commits();
  enqueue(1);
  BOOST_TEST(pool.assigned.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(queue_nodes, fixture)

BOOST_AUTO_TEST_CASE(a_node_runs_as_many_jobs_as_it_may) {
  auto& a = attach(4, "t");
  auto& b = attach(4, "u");
  auto& elsewhere = attach(1, "t", "there");
  BOOST_REQUIRE(limit(3).ok());
  std::vector<new_job> jobs;
  for (const char* type : {"t", "u", "t", "u", "t", "u", "t", "u"}) {
    jobs.push_back(named(std::to_string(jobs.size())));
    jobs.back().type = type;
  }
  const auto all = enqueue(std::move(jobs));
  BOOST_TEST(a.assigned.size() + b.assigned.size() == 3u);
  BOOST_TEST(elsewhere.assigned.size() == 1u);
  const auto nodes = ask<std::vector<node_info>>(aut, atom::nodes_v).value;
  BOOST_REQUIRE(nodes.size() == 2u);
  BOOST_TEST(nodes[0].name == "here");
  BOOST_TEST(nodes[0].running == 3u);
  BOOST_TEST(nodes[0].running_max.value_or(0) == 3u);
  BOOST_TEST(nodes[1].running == 1u);
  BOOST_TEST(!nodes[1].running_max.has_value());
}

BOOST_AUTO_TEST_CASE(a_job_says_that_it_waits_for_the_node) {
  auto& a = attach(4, "t");
  BOOST_REQUIRE(limit(1).ok());
  const auto all = enqueue(2);
  const auto why = explain(all[1]);
  BOOST_CHECK(why.reason == job_reason::node_limit);
  BOOST_TEST(why.detail == "it is the next; node 'here' runs 1 of 1 jobs");
  report(a.assigned[0]);
  BOOST_TEST(a.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(types_take_turns_on_a_full_node) {
  auto& a = attach(8, "t");
  auto& b = attach(8, "u");
  BOOST_REQUIRE(limit(1).ok());
  for (const char* type : {"t", "u"}) {
    std::vector<new_job> jobs;
    for (int i = 0; i < 20; ++i) {
      jobs.push_back(named(std::to_string(i)));
      jobs.back().type = type;
    }
    enqueue(std::move(jobs));
  }
  size_t done_a = 0;
  size_t done_b = 0;
  for (int i = 0; i < 16; ++i) {
    BOOST_TEST(a.assigned.size() + b.assigned.size() == done_a + done_b + 1);
    if (a.assigned.size() > done_a)
      report(a.assigned[done_a++]);
    else
      report(b.assigned[done_b++]);
  }
  BOOST_TEST(done_a >= 4u);
  BOOST_TEST(done_b >= 4u);
}

BOOST_AUTO_TEST_CASE(a_limit_holds_at_once_and_after_a_restart) {
  attach(4);
  enqueue(6);
  BOOST_TEST(pools.front().assigned.size() == 4u);
  BOOST_REQUIRE(limit(2).ok());
  report(pools.front().assigned[0]);
  report(pools.front().assigned[1]);
  BOOST_TEST(pools.front().assigned.size() == 4u, "two run: no more");
  restart();
  attach(4);
  BOOST_TEST(pools.front().assigned.size() == 2u);
  BOOST_REQUIRE(limit(std::nullopt).ok());
  BOOST_TEST(pools.front().assigned.size() == 4u);
  restart();
  attach(4);
  BOOST_TEST(pools.front().assigned.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_pool_that_ends_leaves_room_on_its_node) {
  auto& a = attach(1, "t");
  BOOST_REQUIRE(limit(1).ok());
  enqueue(2);
  caf::anon_send_exit(a.handle, caf::exit_reason::kill);
  settle();
  auto& b = attach(1, "t");
  BOOST_TEST(b.assigned.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused) {
  attach(1);
  BOOST_CHECK(limit(1, "nowhere").error == caf::error{ec::not_found});
  BOOST_CHECK(limit(0).error == caf::error{ec::invalid_argument});
  BOOST_CHECK(limit(node_running_max + 1).error
              == caf::error{ec::invalid_argument});
  BOOST_TEST(limit(node_running_max).ok());
}

BOOST_AUTO_TEST_CASE(a_pool_that_attaches_again_offers_so_many_from_then_on) {
  auto& pool = attach(1);
  enqueue(4);
  BOOST_TEST(names(pool) == "1");
  tell(aut, atom::attach_v, pool.handle, offer("t", "here", 2));
  BOOST_TEST(names(pool) == "1 2");
  tell(aut, atom::attach_v, pool.handle, offer("t", "here", 0));
  report(pool.assigned[0]);
  report(pool.assigned[1]);
  BOOST_TEST(names(pool) == "1 2");
  tell(aut, atom::attach_v, pool.handle, offer("t", "here", 1));
  BOOST_TEST(names(pool) == "1 2 3");
}

BOOST_AUTO_TEST_CASE(labels_decide_who_gets_a_job_and_keep_no_other_back) {
  auto special = named("special");
  special.tags = {"requires:gpu", "requires:ssd"};
  auto& plain = attach(5);
  const auto found = enqueue({special, named("plain")});
  BOOST_TEST(names(plain) == "plain");
  BOOST_TEST((explain(found[0]).reason == job_reason::no_worker));
  restart(); // it is so after a restart, too
  auto& next = attach(5);
  BOOST_TEST(names(next).find("special") == std::string::npos);
  fake_pool& other = attach(0, "u");
  tell(aut, atom::attach_v, other.handle,
       pool_offer{"t", "there", 1, true, false, {"ssd", "gpu", "more"}});
  BOOST_TEST(names(other) == "special");
}

namespace {

struct shares_fixture : fixture {
  /// A pool of a machine with that weight.
  fake_pool& weighted(uint32_t weight, uint32_t slots) {
    const auto node = "n" + std::to_string(pools.size());
    auto& x = attach(0, "t", node);
    tell(aut, atom::attach_v, x.handle,
         pool_offer{
           "t", node, slots, true, true, {"weight-" + std::to_string(weight)}});
    return x;
  }

  static size_t open_of(const fake_pool& x, size_t ended = 0) {
    return x.assigned.size() - ended;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(shares_follow_the_weights, shares_fixture) {
  auto& one = weighted(1, 100);
  auto& two = weighted(2, 100);
  auto& five = weighted(5, 100);
  enqueue(80);
  BOOST_TEST(one.assigned.size() == 10u);
  BOOST_TEST(two.assigned.size() == 20u);
  BOOST_TEST(five.assigned.size() == 50u);
  // Also of what comes one by one.
  for (int i = 0; i < 40; ++i)
    enqueue(1);
  BOOST_TEST(one.assigned.size() == 15u);
  BOOST_TEST(two.assigned.size() == 30u);
  BOOST_TEST(five.assigned.size() == 75u);
  // Who has ended some gets the next.
  for (size_t i = 0; i < 10; ++i)
    report(two.assigned[i]);
  enqueue(10);
  BOOST_TEST(open_of(one) == 15u);
  BOOST_TEST(open_of(two, 10) == 30u);
  BOOST_TEST(open_of(five) == 75u);
}

BOOST_FIXTURE_TEST_CASE(no_weight_keeps_a_slot_free_while_jobs_wait,
                        shares_fixture) {
  auto& small = weighted(1, 30);
  auto& large = weighted(100, 10);
  enqueue(50);
  BOOST_TEST(small.assigned.size() == 30u);
  BOOST_TEST(large.assigned.size() == 10u);
  report(small.assigned[0]);
  BOOST_TEST(small.assigned.size() == 31u);
}

BOOST_FIXTURE_TEST_CASE(machines_without_a_weight_share_evenly,
                        shares_fixture) {
  std::vector<fake_pool*> all;
  for (const char* node : {"a", "b", "c"})
    all.push_back(&attach(1000, "t", node));
  enqueue(300);
  for (const auto* x : all)
    BOOST_TEST(x->assigned.size() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
