#include "storage/job_scan.hpp"
#include "storage/keys.hpp"
#include "storage/start_tables.hpp"
#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

constexpr size_t small_job_bytes_max = 450;
constexpr size_t run_job_bytes_max = 500;

queue_job stored(const queue_job& x) {
  memory_store db;
  write(db, [&](write_batch& out) { put_job(out, x); });
  queue_job result;
  require_ok(read_job(db, x.id, result));
  return result;
}

std::vector<job_event> stored(const std::vector<job_event>& events) {
  memory_store db;
  write(db, [&](write_batch& out) {
    uint32_t n = 0;
    for (auto& x : events)
      put_event(out, n++, x);
  });
  std::vector<job_event> result;
  require_ok(read_events(db, events.front().id, result));
  return result;
}

void put_plain_job(write_batch& out, const job_id& id, const job_id& parent) {
  queue_job x;
  x.id = id;
  x.parent_id = parent;
  put_job(out, x);
}

/// The bytes of all that is ever written for a job that succeeds at once.
size_t life_bytes(const queue_job& job) {
  write_batch out;
  put_job(out, job);
  queue_entry entry;
  entry.key = {job.priority, 1000000};
  entry.id = job.id;
  entry.step_id = job.step_id;
  entry.manager_id = job.manager_id;
  entry.type = job.type;
  entry.queue = job.queue;
  put_queue_entry(out, entry);
  job_event event;
  event.id = job.id;
  event.at = at(500000);
  put_event(out, 0, event);
  event.status = job_status::completed;
  event.at = at(1500000000);
  event.started_at = at(1400000000);
  event.epoch = 3ull << 32 | 100000;
  event.attempt = 1;
  event.result_count = 1;
  put_event(out, 1, event);
  remove_queue_entry(out, entry.key);
  return out.bytes();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_tables, memory_fixture)

BOOST_AUTO_TEST_CASE(a_job_comes_back_exactly) {
  BOOST_CHECK(stored(full_job()) == full_job());
  queue_job plain;
  plain.id = make_id(5);
  BOOST_CHECK(stored(plain) == plain);
  BOOST_CHECK(stored(queue_job{}) == queue_job{});
}

BOOST_AUTO_TEST_CASE(ids_that_are_shared_come_back_exactly) {
  auto x = full_job();
  x.manager_id = x.id;
  x.step_id = x.parent_id;
  BOOST_CHECK(stored(x) == x);
  x.step_id = {};
  BOOST_CHECK(stored(x) == x);
  x.parent_id = {};
  x.manager_id = {};
  BOOST_CHECK(stored(x) == x);
}

BOOST_AUTO_TEST_CASE(times_far_from_the_id_come_back_exactly) {
  auto x = full_job();
  for (auto t : {timestamp{}, timestamp::min(), timestamp::max(), at(0)}) {
    x.created_at = t;
    x.run_at = timestamp::max();
    BOOST_CHECK(stored(x) == x);
    x.id.bytes.fill(0xff);
    BOOST_CHECK(stored(x) == x);
  }
}

BOOST_AUTO_TEST_CASE(texts_that_are_empty_are_not_the_default) {
  auto x = full_job();
  x.queue = x.config = x.metadata = x.type = "";
  BOOST_CHECK(stored(x) == x);
}

BOOST_AUTO_TEST_CASE(an_unknown_job_is_not_found) {
  queue_job x = full_job();
  BOOST_CHECK(read_job(*db, make_id(9), x).code == errc::not_found);
  BOOST_CHECK(x == full_job());
  BOOST_CHECK(!has_job(*db, x.id));
  write(*db, [&](write_batch& out) { put_job(out, x); });
  BOOST_CHECK(has_job(*db, x.id));
}

BOOST_AUTO_TEST_CASE(a_small_job_takes_little_room) {
  queue_job x;
  x.id = make_id(1);
  x.type = "fetch_page";
  x.name = "fetch a page";
  x.config = std::string(200, 'c');
  x.created_at = at(999999);
  BOOST_CHECK_LT(life_bytes(x), small_job_bytes_max);
  x.parent_id = x.step_id = make_id(2);
  x.manager_id = make_id(3);
  x.depth = 2;
  BOOST_CHECK_LT(life_bytes(x), run_job_bytes_max);
}

BOOST_AUTO_TEST_CASE(children_come_in_pages_the_oldest_first) {
  write(*db, [](write_batch& out) {
    for (uint64_t n : {5, 3, 1, 2, 4})
      put_plain_job(out, make_id(n), make_id(100));
    put_plain_job(out, make_id(6), make_id(99));
    put_plain_job(out, make_id(7), make_id(101));
  });
  std::vector<job_id> found;
  require_ok(read_children(*db, make_id(100), {}, 2, found));
  BOOST_CHECK((found == std::vector{make_id(1), make_id(2)}));
  require_ok(read_children(*db, make_id(100), found.back(), 2, found));
  BOOST_CHECK((found == std::vector{make_id(3), make_id(4)}));
  require_ok(read_children(*db, make_id(100), make_id(4), 2, found));
  BOOST_CHECK((found == std::vector{make_id(5)}));
  require_ok(read_children(*db, make_id(100), make_id(5), 2, found));
  BOOST_CHECK(found.empty());
  require_ok(read_children(*db, make_id(100), {}, 0, found));
  BOOST_CHECK(found.empty());
}

BOOST_AUTO_TEST_CASE(roots_come_in_pages_the_newest_first) {
  write(*db, [](write_batch& out) {
    for (uint64_t n : {5, 3, 1, 2, 4})
      put_plain_job(out, make_id(n), {});
    put_plain_job(out, make_id(6), make_id(5));
  });
  require_ok(rebuild_job_index(*db, [](uint64_t) {}));
  std::vector<job_id> found;
  require_ok(read_roots(*db, {}, 2, found));
  BOOST_CHECK((found == std::vector{make_id(5), make_id(4)}));
  require_ok(read_roots(*db, make_id(4), 10, found));
  BOOST_CHECK((found == std::vector{make_id(3), make_id(2), make_id(1)}));
  require_ok(read_roots(*db, make_id(1), 10, found));
  BOOST_CHECK(found.empty());
}

BOOST_AUTO_TEST_CASE(an_event_comes_back_exactly) {
  job_event plain;
  plain.id = make_id(1);
  std::vector events{plain, full_event(), plain};
  events[2].at = timestamp::min();
  events[2].started_at = timestamp::max();
  BOOST_CHECK(stored(events) == events);
}

BOOST_AUTO_TEST_CASE(events_come_in_their_order) {
  write(*db, [](write_batch& out) {
    for (uint32_t n : {256u, 1u, 70000u, 2u, 0u}) {
      job_event x;
      x.id = make_id(1);
      x.result_count = n;
      put_event(out, n, x);
      x.id = make_id(2);
      put_event(out, n, x);
    }
  });
  std::vector<job_event> found;
  require_ok(read_events(*db, make_id(1), found));
  std::vector<uint64_t> order;
  for (auto& x : found)
    order.push_back(x.result_count);
  BOOST_CHECK((order == std::vector<uint64_t>{0, 1, 2, 256, 70000}));
  require_ok(read_events(*db, make_id(3), found));
  BOOST_CHECK(found.empty());
}

BOOST_AUTO_TEST_CASE(a_start_on_a_node_is_a_start_with_a_name) {
  job_event x;
  x.id = make_id(1);
  x.status = job_status::running;
  x.epoch = 3;
  x.attempt = 1;
  write(*db, [&](write_batch& out) {
    put_start(out, 1, x, "alpha");
    put_event(out, 3, x);
  });
  std::string node;
  require_ok(read_start_node(*db, x.id, 1, node));
  BOOST_TEST(node == "alpha");
  require_ok(read_start_node(*db, x.id, 3, node)); // at home, or older
  BOOST_TEST(node.empty());
  BOOST_TEST((read_start_node(*db, x.id, 5, node).code == errc::not_found));
  std::vector<job_event> found;
  require_ok(read_events(*db, x.id, found));
  BOOST_CHECK((found == std::vector{x, x}));
  // What it costs: its name, and two bytes.
  std::string at_home;
  std::string there;
  require_ok(db->read(event_key(x.id, 3), at_home));
  require_ok(db->read(event_key(x.id, 1), there));
  BOOST_TEST(there.size() == at_home.size() + 2 + 5);
}

BOOST_AUTO_TEST_CASE(only_a_start_has_a_name) {
  job_event x;
  x.id = make_id(1);
  x.status = job_status::completed;
  write(*db, [&](write_batch& out) { put_start(out, 2, x, "alpha"); });
  std::vector<job_event> found;
  BOOST_TEST((read_events(*db, x.id, found).code == errc::corruption));
}

BOOST_AUTO_TEST_CASE(active_runs_come_and_go) {
  write(*db, [](write_batch& out) {
    put_active(out, make_id(2));
    put_active(out, make_id(1));
    put_active(out, make_id(3));
    remove_active(out, make_id(2));
  });
  std::vector<job_id> found;
  require_ok(read_active(*db, found));
  BOOST_CHECK((found == std::vector{make_id(1), make_id(3)}));
}

BOOST_AUTO_TEST_SUITE_END()
