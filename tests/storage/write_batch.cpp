#include "storage/store.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace quaero::storage;

namespace {

std::vector<std::string> operations(const write_batch& batch) {
  std::vector<std::string> result;
  batch.visit(
    [&](std::string_view key, std::string_view val) {
      result.push_back("put " + std::string{key} + "=" + std::string{val});
    },
    [&](std::string_view key) {
      result.push_back("remove " + std::string{key});
    });
  return result;
}

using strings = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(write_batches)

BOOST_AUTO_TEST_CASE(a_batch_gives_its_operations_back_in_order) {
  write_batch batch;
  BOOST_CHECK(batch.empty());
  batch.put("a", "1");
  batch.remove("b");
  batch.put("", "");
  BOOST_CHECK(operations(batch) == (strings{"put a=1", "remove b", "put ="}));
  BOOST_CHECK_EQUAL(batch.count(), 3u);
}

BOOST_AUTO_TEST_CASE(a_value_written_in_place_may_have_any_length) {
  for (size_t size : {0u, 1u, 127u, 128u, 129u, 16383u, 16384u, 3000000u}) {
    write_batch batch;
    batch.put("before", "x");
    batch.begin_put("key").append(size, 'v');
    batch.end_put();
    batch.put("after", "y");
    BOOST_CHECK(operations(batch)
                == (strings{"put before=x", "put key=" + std::string(size, 'v'),
                            "put after=y"}));
  }
}

BOOST_AUTO_TEST_CASE(an_appended_batch_follows) {
  write_batch first;
  first.put("a", "1");
  write_batch second;
  second.remove("a");
  second.put("c", std::string(200, 'x'));
  first.append(second);
  BOOST_CHECK_EQUAL(first.count(), 3u);
  BOOST_CHECK_EQUAL(operations(first).at(1), "remove a");
  BOOST_CHECK_EQUAL(operations(second).size(), 2u);
}

BOOST_AUTO_TEST_CASE(a_batch_that_is_given_away_is_empty) {
  write_batch all;
  for (auto key : {"a", "b"}) {
    write_batch one;
    one.put(key, "1");
    all.append(std::move(one));
    BOOST_CHECK(one.empty());
    BOOST_CHECK_EQUAL(one.bytes(), 0u);
  }
  BOOST_CHECK(operations(all) == (strings{"put a=1", "put b=1"}));
  BOOST_CHECK_EQUAL(all.count(), 2u);
}

BOOST_AUTO_TEST_CASE(a_cleared_batch_is_empty) {
  write_batch batch;
  batch.put("a", "1");
  batch.clear();
  BOOST_CHECK(batch.empty());
  BOOST_CHECK_EQUAL(batch.bytes(), 0u);
  BOOST_CHECK(operations(batch).empty());
}

BOOST_AUTO_TEST_SUITE_END()
