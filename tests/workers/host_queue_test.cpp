#include "actors/workers/crawler/host_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace quaero::crawler {

namespace {

using std::chrono::milliseconds;

struct fixture {
  host_queue queue;
  host_queue::time_point now{std::chrono::hours{1}};

  void add(uint64_t id, const std::string& host, int delay_ms = 0,
           uint32_t concurrency = 100) {
    queue.add({id, host, now, milliseconds{delay_ms}, concurrency});
  }

  std::vector<uint64_t> take_all() {
    std::vector<uint64_t> result;
    while (auto id = queue.next(now))
      result.push_back(*id);
    return result;
  }
};

using ids = std::vector<uint64_t>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(host_queues, fixture)

BOOST_AUTO_TEST_CASE(one_host_is_served_in_order) {
  add(1, "a");
  add(2, "a");
  add(3, "a");
  BOOST_TEST(take_all() == (ids{1, 2, 3}));
  BOOST_TEST(queue.waiting() == 0u);
}

BOOST_AUTO_TEST_CASE(hosts_take_turns) {
  for (uint64_t id = 1; id <= 3; ++id)
    add(id, "a");
  add(4, "b");
  add(5, "b");
  ids order;
  for (int i = 0; i < 5; ++i) {
    order.push_back(queue.next(now).value());
    now += milliseconds{1};
  }
  BOOST_TEST(order == (ids{1, 4, 2, 5, 3}));
}

BOOST_AUTO_TEST_CASE(a_host_has_no_more_active_than_its_limit) {
  for (uint64_t id = 1; id <= 5; ++id)
    add(id, "a", 0, 2);
  add(6, "b", 0, 2);
  BOOST_TEST(take_all().size() == 3u);
  BOOST_TEST(!queue.next_at().has_value());
  queue.finished("a");
  BOOST_TEST(take_all() == (ids{3}));
}

BOOST_AUTO_TEST_CASE(a_host_waits_its_delay_between_starts) {
  add(1, "a", 100);
  add(2, "a", 100);
  BOOST_TEST(take_all() == (ids{1}));
  BOOST_TEST((queue.next_at() == now + milliseconds{100}));
  now += milliseconds{99};
  BOOST_TEST(take_all().empty());
  now += milliseconds{1};
  BOOST_TEST(take_all() == (ids{2}));
}

BOOST_AUTO_TEST_CASE(the_delay_holds_although_the_host_is_idle) {
  add(1, "a", 100);
  take_all();
  queue.finished("a");
  queue.forget_idle(now);
  BOOST_TEST(queue.hosts() == 1u);
  add(2, "a", 100);
  BOOST_TEST(take_all().empty());
  now += milliseconds{100};
  BOOST_TEST(take_all() == (ids{2}));
  queue.finished("a");
  now += milliseconds{100};
  queue.forget_idle(now);
  BOOST_TEST(queue.hosts() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_not_ready_lets_others_pass) {
  queue.add({1, "a", now + milliseconds{50}, {}, 1});
  add(2, "a");
  BOOST_TEST(take_all() == (ids{2}));
  queue.finished("a");
  now += milliseconds{50};
  BOOST_TEST(take_all() == (ids{1}));
}

BOOST_AUTO_TEST_CASE(what_is_removed_never_starts) {
  add(1, "a");
  add(2, "a");
  BOOST_TEST(queue.remove(1));
  BOOST_TEST(!queue.remove(1));
  BOOST_TEST(take_all() == (ids{2}));
  BOOST_TEST(!queue.remove(2));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::crawler
