#include "storage/fault_store.hpp"

#include "tests/storage/stores.hpp"

using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

struct fixture {
  fault_store db{std::make_unique<memory_store>()};
};

const status broken{errc::io_error, "broken"};

} // namespace

BOOST_FIXTURE_TEST_SUITE(fault_stores, fixture)

BOOST_AUTO_TEST_CASE(one_write_can_fail) {
  db.fail_write(2, broken);
  BOOST_CHECK(put(db, "a", "1").ok());
  auto result = put(db, "b", "2");
  BOOST_CHECK(result.code == errc::io_error);
  BOOST_CHECK_EQUAL(result.message, "broken");
  BOOST_CHECK(put(db, "c", "3").ok());
  BOOST_CHECK(all(db) == (pairs{{"a", "1"}, {"c", "3"}}));
  BOOST_CHECK_EQUAL(db.writes(), 3u);
}

BOOST_AUTO_TEST_CASE(all_writes_from_one_on_can_fail) {
  db.fail_writes_from(2, broken);
  BOOST_CHECK(put(db, "a", "1").ok());
  BOOST_CHECK(!put(db, "b", "2").ok());
  BOOST_CHECK(!put(db, "c", "3", true).ok());
  db.heal();
  BOOST_CHECK(put(db, "d", "4").ok());
  BOOST_CHECK(all(db) == (pairs{{"a", "1"}, {"d", "4"}}));
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_what_does_not_fit) {
  write_batch batch;
  batch.put("key", "val");
  db.limit_space(2 * batch.bytes());
  BOOST_CHECK(db.write(batch, true).ok());
  BOOST_CHECK(db.write(batch, true).ok());
  BOOST_CHECK(db.write(batch, true).code == errc::io_error);
  db.heal();
  BOOST_CHECK(db.write(batch, true).ok());
}

BOOST_AUTO_TEST_CASE(a_loss_of_power_takes_what_was_not_synced) {
  BOOST_REQUIRE(put(db, "a", "1").ok());
  BOOST_REQUIRE(put(db, "b", "1", true).ok());
  write_batch batch;
  batch.put("a", "2");
  batch.put("a", "3");
  batch.remove("b");
  batch.put("c", "1");
  BOOST_REQUIRE(db.write(batch, false).ok());
  BOOST_REQUIRE(put(db, "c", "2").ok());
  BOOST_CHECK_EQUAL(db.unsynced(), 2u);
  BOOST_REQUIRE(db.power_loss().ok());
  BOOST_CHECK(all(db) == (pairs{{"a", "1"}, {"b", "1"}}));
  BOOST_CHECK_EQUAL(db.unsynced(), 0u);
}

BOOST_AUTO_TEST_CASE(a_loss_of_power_may_keep_the_first_batches) {
  for (auto val : {"1", "2", "3"})
    BOOST_REQUIRE(put(db, "a", val).ok());
  BOOST_REQUIRE(db.power_loss(2).ok());
  BOOST_CHECK_EQUAL(get(db, "a"), "2");
  BOOST_REQUIRE(db.power_loss().ok());
  BOOST_CHECK_EQUAL(get(db, "a"), "(none)");
}

BOOST_AUTO_TEST_CASE(an_empty_synced_write_keeps_what_came_before) {
  BOOST_REQUIRE(put(db, "a", "1").ok());
  BOOST_REQUIRE(db.write(write_batch{}, true).ok());
  BOOST_REQUIRE(db.power_loss().ok());
  BOOST_CHECK_EQUAL(get(db, "a"), "1");
  BOOST_CHECK_EQUAL(db.syncs(), 1u);
}

BOOST_AUTO_TEST_CASE(a_failed_sync_keeps_nothing) {
  BOOST_REQUIRE(put(db, "a", "1").ok());
  db.fail_write(1, broken);
  BOOST_REQUIRE(!put(db, "b", "1", true).ok());
  BOOST_REQUIRE(db.power_loss().ok());
  BOOST_CHECK(all(db).empty());
}

BOOST_AUTO_TEST_SUITE_END()
