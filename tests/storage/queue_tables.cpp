#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

std::vector<queue_entry> entries(const store& db) {
  std::vector<queue_entry> result;
  require_ok(
    read_queue(db, [&](queue_entry&& x) { result.push_back(std::move(x)); }));
  return result;
}

std::vector<queue_key> keys(const store& db) {
  std::vector<queue_key> result;
  for (auto& x : entries(db))
    result.push_back(x.key);
  return result;
}

void put_key(write_batch& out, queue_key key) {
  queue_entry x;
  x.key = key;
  put_queue_entry(out, x);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(queue_tables, memory_fixture)

BOOST_AUTO_TEST_CASE(a_queue_entry_comes_back_exactly) {
  queue_entry plain;
  plain.queue = "default";
  queue_entry empty; // Its queue is "".
  empty.key = {7, UINT64_MAX};
  write(*db, [&](write_batch& out) {
    put_queue_entry(out, plain);
    put_queue_entry(out, empty);
    put_queue_entry(out, full_entry());
  });
  BOOST_CHECK((entries(*db) == std::vector{plain, empty, full_entry()}));
}

BOOST_AUTO_TEST_CASE(the_queue_is_read_by_lane_and_sequence) {
  write(*db, [](write_batch& out) {
    for (queue_key key : {queue_key{delayed_lane, 1},
                          {9, 2},
                          {0, 300},
                          {0, 7},
                          {4, 65536},
                          {4, 5}})
      put_key(out, key);
  });
  BOOST_CHECK(
    (keys(*db)
     == std::vector<queue_key>{
       {0, 7}, {0, 300}, {4, 5}, {4, 65536}, {9, 2}, {delayed_lane, 1}}));
}

BOOST_AUTO_TEST_CASE(a_removed_entry_is_gone) {
  write(*db, [](write_batch& out) {
    put_key(out, {4, 1});
    put_key(out, {4, 2});
    remove_queue_entry(out, {4, 1});
  });
  BOOST_CHECK((keys(*db) == std::vector<queue_key>{{4, 2}}));
}

BOOST_AUTO_TEST_CASE(the_queue_is_read_from_its_heads) {
  write(*db, [](write_batch& out) {
    for (uint64_t n = 1; n <= 5; ++n) {
      put_key(out, {3, n});
      put_key(out, {4, n});
    }
    put_queue_head(out, {3, 4});
    put_queue_head(out, {delayed_lane, 100});
  });
  BOOST_CHECK((keys(*db)
               == std::vector<queue_key>{
                 {3, 4}, {3, 5}, {4, 1}, {4, 2}, {4, 3}, {4, 4}, {4, 5}}));
  write(*db, [](write_batch& out) {
    put_queue_head(out, {3, 6});
    put_queue_head(out, {4, 6});
  });
  BOOST_CHECK(keys(*db).empty());
}

BOOST_AUTO_TEST_CASE(every_lane_is_read) {
  write(*db, [](write_batch& out) {
    for (uint8_t lane = 0; lane < lane_count; ++lane)
      put_key(out, {lane, 1});
  });
  BOOST_CHECK_EQUAL(keys(*db).size(), size_t{lane_count});
}

BOOST_AUTO_TEST_SUITE_END()
