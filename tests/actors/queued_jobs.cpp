// What the QUEUE keeps its jobs in, against a map of the library; and the
// entries that a start finds.

#include "actors/queued_job.hpp"
#include "storage/queue_entries.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace quaero;

namespace {

struct still_clock : wall_clock {
  timestamp now() const override {
    return timestamp{std::chrono::hours{24 * 365 * 56}};
  }
};

struct fixture {
  still_clock clock;
  id_generator ids{clock, 7};
  queued_jobs aut;
  std::unordered_map<job_id, queued_job*> expected;
  std::vector<job_id> order;
  std::mt19937_64 random{11};

  void add() {
    const auto id = ids.next();
    auto& x = aut.add(id);
    BOOST_REQUIRE(x.id == id);
    BOOST_REQUIRE(!x.body && !x.has_terms && x.scope == 0 && !x.stopped);
    x.stopped = true; // must not be seen by the next one in its place
    x.scope = 5;
    expected.emplace(id, &x);
    order.push_back(id);
  }

  void remove_any() {
    std::swap(order[random() % order.size()], order.back());
    const auto id = order.back();
    order.pop_back();
    aut.remove(*expected.at(id));
    expected.erase(id);
    BOOST_REQUIRE(aut.find(id) == nullptr);
  }

  void check() {
    BOOST_REQUIRE(aut.size() == expected.size());
    for (const auto& [id, x] : expected)
      BOOST_REQUIRE(aut.find(id) == x);
    size_t seen = 0;
    aut.for_each([&](queued_job& x) { seen += expected.at(x.id) == &x; });
    BOOST_REQUIRE(seen == expected.size());
  }
};

storage::queue_entry entry_of(uint64_t n) {
  storage::queue_entry x;
  x.key = {static_cast<uint8_t>(n % 10), n};
  x.id.bytes[15] = static_cast<uint8_t>(n);
  x.type = n % 7 == 0 ? "other" : "noop";
  x.queue = n % 50 < 25 ? "default" : "mail";
  x.priority = static_cast<uint8_t>(n % 10);
  x.run_at = timestamp{} + std::chrono::seconds{n};
  x.attempt = static_cast<uint32_t>(n % 3);
  x.snoozed = n % 11 == 0;
  if (n % 13 == 0) {
    x.unique_key = "key " + std::to_string(n);
    x.tags = {"night"};
    x.deaths = 1;
  }
  return x;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(jobs_of_the_queue, fixture)

BOOST_AUTO_TEST_CASE(are_found_while_others_come_and_go) {
  for (int round = 0; round < 40; ++round) {
    const auto come = random() % 3000;
    for (uint64_t i = 0; i < come; ++i) {
      add();
      if (random() % 3 == 0)
        remove_any();
    }
    check();
    for (auto go = random() % (expected.size() + 1); go > 0; --go)
      remove_any();
    check();
  }
}

BOOST_AUTO_TEST_CASE(a_backlog_that_is_gone_leaves_nothing) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20'000; ++i)
      add();
    check();
    while (!expected.empty())
      remove_any();
    check();
  }
}

BOOST_AUTO_TEST_CASE(one_takes_no_more_than_is_said) {
  BOOST_TEST(sizeof(queued_job) <= 88u);
}

BOOST_AUTO_TEST_CASE(entries_come_back_as_they_were) {
  storage::queue_entries all;
  for (uint64_t n = 0; n < 500; ++n)
    all.push_back(entry_of(n));
  BOOST_TEST(all.size() == 500u);
  uint64_t next = 0;
  all.for_each([&](const storage::queue_entry& x) {
    BOOST_CHECK(x == entry_of(next));
    ++next;
  });
  BOOST_TEST(next == 500u);
  BOOST_CHECK(all.back_key() == entry_of(499).key);
  all.pop_back();
  BOOST_TEST(all.size() == 499u);
}

BOOST_AUTO_TEST_SUITE_END()
