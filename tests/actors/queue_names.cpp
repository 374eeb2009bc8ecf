#include "tests/actors/queue_fixture.hpp"

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

new_job queued(const std::string& name, const std::string& queue,
               uint8_t priority = 4) {
  auto x = named(name, priority);
  x.queue = queue;
  return x;
}

struct fixture : queue_fixture {
  fixture() { start(); }

  queue_change changed(const std::string& queue) {
    queue_change x;
    x.name = queue;
    return x;
  }

  answer<queue_info> change(const queue_change& x) {
    return ask<queue_info>(aut, atom::queues_v, x);
  }

  answer<queue_info> pause(const std::string& queue, bool on = true) {
    auto x = changed(queue);
    x.paused = on;
    return change(x);
  }

  answer<queue_info> limit(const std::string& queue,
                           std::optional<uint64_t> running,
                           std::optional<uint64_t> length = std::nullopt) {
    auto x = changed(queue);
    x.running_max = running;
    x.length_max = length;
    return change(x);
  }

  queue_info info(const std::string& queue) {
    auto found = ask<queue_info>(aut, atom::queues_v, queue);
    BOOST_REQUIRE_MESSAGE(found.ok(), message_of(found.error));
    return found.value;
  }

  caf::error refused(std::vector<new_job> jobs) {
    return ask(aut, atom::enqueue_v, make_request(std::move(jobs))).error;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(named_queues, fixture)

BOOST_AUTO_TEST_CASE(priority_and_arrival_hold_across_queues) {
  enqueue({queued("1", "a"), queued("2", "b"), queued("3", "a"),
           queued("4", "c", 0), queued("5", "b", 9), queued("6", "a", 0)});
  auto& pool = attach(10);
  BOOST_TEST(names(pool) == "4 6 1 2 3 5");
}

BOOST_AUTO_TEST_CASE(a_paused_queue_keeps_its_own_jobs_and_no_others) {
  pause("a");
  enqueue({queued("1", "a", 0), queued("2", "b"), queued("3", "a")});
  auto& pool = attach(10);
  BOOST_TEST(names(pool) == "2");
  BOOST_TEST(info("a").ready == 2u);
  pause("a", false);
  BOOST_TEST(names(pool) == "2 1 3");
}

BOOST_AUTO_TEST_CASE(a_queue_at_its_limit_keeps_nobody_else_back) {
  limit("a", 2);
  auto& pool = attach(10);
  enqueue({queued("1", "a"), queued("2", "a"), queued("3", "a", 0),
           queued("4", "b"), queued("5", "a")});
  BOOST_TEST(names(pool) == "3 1 4");
  BOOST_TEST(info("a").running == 2u);
  report(pool.assigned[0]);
  BOOST_TEST(names(pool) == "3 1 4 2");
  limit("a", std::nullopt);
  BOOST_TEST(names(pool) == "3 1 4 2 5");
}

BOOST_AUTO_TEST_CASE(a_limit_holds_across_worker_types) {
  limit("a", 1);
  auto& pool = attach(10);
  auto& other = attach(10, "other");
  auto x = queued("2", "a");
  x.type = "other";
  enqueue({queued("1", "a"), x});
  BOOST_TEST(pool.assigned.size() + other.assigned.size() == 1u);
  report(pool.assigned.empty() ? other.assigned[0] : pool.assigned[0]);
  BOOST_TEST(pool.assigned.size() + other.assigned.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_limit_that_shrinks_stops_nothing_that_runs) {
  auto& pool = attach(10);
  enqueue({queued("1", "a"), queued("2", "a"), queued("3", "a")});
  limit("a", 1);
  enqueue({queued("4", "a")});
  report(pool.assigned[0]);
  report(pool.assigned[1]);
  BOOST_TEST(pool.assigned.size() == 3u);
  report(pool.assigned[2]);
  BOOST_TEST(names(pool) == "1 2 3 4");
}

BOOST_AUTO_TEST_CASE(a_retry_stays_in_its_queue) {
  auto& pool = attach(1);
  enqueue({queued("1", "a")});
  pause("a");
  report(pool.assigned[0], job_outcome::failure("no"),
         [&](job_report& x) { x.retry_at = clock.now(); });
  BOOST_TEST(pool.assigned.size() == 1u);
  BOOST_TEST(info("a").ready == 1u);
  BOOST_TEST(entries()[0].queue == "a");
}

BOOST_AUTO_TEST_CASE(numbers_and_ages_are_told) {
  auto later = queued("3", "a");
  later.run_at = clock.now() + 1h;
  pause("b");
  const auto since = clock.now();
  enqueue({queued("1", "b"), queued("2", "b", 0), later});
  advance(10s);
  enqueue({queued("4", "b", 0)});
  auto& pool = attach(1);
  enqueue({queued("5", "a")});
  BOOST_TEST(pool.assigned.size() == 1u);
  BOOST_TEST(info("a").running == 1u);
  BOOST_TEST(info("a").delayed == 1u);
  BOOST_CHECK(info("a").oldest == timestamp{});
  BOOST_TEST(info("b").ready == 3u);
  BOOST_CHECK(info("b").oldest - since < 1ms);
  const auto all = ask<std::vector<queue_info>>(aut, atom::queues_v).value;
  BOOST_REQUIRE_EQUAL(all.size(), 3u);
  BOOST_TEST(all[0].name == "a");
  BOOST_TEST(all[1].name == "b");
  BOOST_TEST(all[2].name == "default");
}

BOOST_AUTO_TEST_CASE(settings_survive_a_restart_before_anything_starts) {
  pause("a");
  limit("b", 1, 2);
  enqueue({queued("1", "a"), queued("2", "b"), queued("3", "b")});
  restart();
  auto& pool = attach(10);
  BOOST_TEST(names(pool) == "2");
  BOOST_TEST(info("a").settings.paused);
  BOOST_TEST(is_error(refused({queued("4", "b")}), ec::limit_reached, "'b'"));
  pause("a", false);
  limit("b", std::nullopt);
  restart();
  auto& next = attach(10);
  BOOST_TEST(next.assigned.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_change_is_answered_after_its_commit) {
  hold = true;
  auto x = changed("a");
  x.paused = true;
  auto done = request<queue_info>(aut, atom::queues_v, x);
  settle();
  BOOST_TEST(!done->done);
  release_commits();
  BOOST_TEST(done->ok());
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_all_of_a_request_and_nobody_elses) {
  limit("a", std::nullopt, 2);
  auto& pool = attach(1);
  enqueue({queued("1", "a"), queued("2", "b")});
  BOOST_TEST(
    is_error(refused({queued("3", "c"), queued("4", "a"), queued("5", "a")}),
             ec::limit_reached, "length_max is 2"));
  BOOST_TEST(entries().size() == 2u);
  enqueue({queued("6", "b"), queued("7", "a")});
  BOOST_TEST(is_error(refused({queued("8", "a")}), ec::limit_reached));
  report(pool.assigned[0]);
  BOOST_TEST(!refused({queued("8", "a")}));
}

BOOST_AUTO_TEST_CASE(children_of_an_accepted_job_are_always_accepted) {
  limit("a", std::nullopt, 1);
  auto& pool = attach(1);
  enqueue({queued("1", "a")});
  report(pool.assigned[0], job_outcome::ok(), [](job_report& x) {
    x.children = {queued("2", "a"), queued("3", "a")};
  });
  BOOST_TEST(names(pool) == "1 2");
  BOOST_TEST(is_error(refused({queued("4", "a")}), ec::limit_reached));
  report(pool.assigned[1]);
  report(pool.assigned[2]);
  BOOST_TEST(!refused({queued("4", "a")}));
}

BOOST_AUTO_TEST_CASE(there_are_only_so_many_queues) {
  config.queues_max = 3;
  start();
  attach(10);
  enqueue({queued("1", "a"), queued("2", "b")});
  BOOST_TEST(is_error(refused({queued("3", "c")}), ec::limit_reached,
                      "queues_max is 3"));
  BOOST_TEST(is_error(pause("c").error, ec::limit_reached, "queues_max"));
  BOOST_TEST(!refused({queued("3", "a")}));
  report(pools.front().assigned[1]); // "b" is idle now, so its place is free
  BOOST_TEST(!refused({queued("4", "c")}));
  BOOST_TEST(
    is_error(ask<queue_info>(aut, atom::queues_v, std::string{"b"}).error,
             ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_queue_with_settings_is_not_forgotten) {
  config.queues_max = 2;
  start();
  pause("a");
  BOOST_TEST(is_error(refused({queued("1", "b")}), ec::limit_reached));
  pause("a", false);
  BOOST_TEST(!refused({queued("1", "b")}));
}

BOOST_AUTO_TEST_CASE(names_and_numbers_have_rules) {
  const std::string longest(queue_name_bytes_max, 'x');
  for (const auto& name : {std::string{"a"}, std::string{"A.b_c-9"}, longest})
    BOOST_TEST(pause(name).ok());
  for (const auto& name : {std::string{}, std::string{".a"}, std::string{"a b"},
                           std::string{"\xc3\xa4"}, longest + "x"}) {
    BOOST_TEST(is_error(pause(name).error, ec::invalid_argument));
    BOOST_TEST(is_error(refused({queued("1", name)}), ec::invalid_argument));
  }
  BOOST_TEST(is_error(limit("a", 0).error, ec::invalid_argument));
  BOOST_TEST(is_error(limit("a", 1, 0).error, ec::invalid_argument));
  auto x = changed("unknown");
  x.create = false;
  BOOST_TEST(is_error(change(x).error, ec::not_found));
}

BOOST_AUTO_TEST_CASE(many_queues_and_many_jobs_all_go_out_in_order) {
  std::vector<new_job> jobs;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    jobs.push_back(queued(std::to_string(i), "q" + std::to_string(i * 7 % 50)));
    expected += (i == 0 ? "" : " ") + std::to_string(i);
  }
  enqueue(std::move(jobs));
  auto& pool = attach(1000);
  BOOST_TEST(names(pool) == expected);
}

BOOST_AUTO_TEST_SUITE_END()
