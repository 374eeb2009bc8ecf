#include "storage/schedule_tables.hpp"

#include "storage/keys.hpp"
#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

BOOST_FIXTURE_TEST_SUITE(schedule_records, memory_fixture)

BOOST_AUTO_TEST_CASE(a_record_comes_back_as_it_was) {
  const schedule_record plain;
  write(*db, [&](write_batch& out) {
    put_schedule(out, "full", full_schedule());
    put_schedule(out, "plain", plain);
  });
  std::unordered_map<std::string, schedule_record> found;
  require_ok(read_schedules(*db, found));
  BOOST_TEST(found.size() == 2u);
  BOOST_CHECK(found["full"] == full_schedule());
  BOOST_CHECK(found["plain"] == plain);
  write(*db, [](write_batch& out) { remove_schedule(out, "plain"); });
  require_ok(read_schedules(*db, found));
  BOOST_TEST(found.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_record_that_is_cut_off_is_damage) {
  write(*db,
        [](write_batch& out) { put_schedule(out, "full", full_schedule()); });
  const auto key = text_key(table::schedules, "full");
  std::string val;
  require_ok(db->read(key, val));
  std::unordered_map<std::string, schedule_record> found;
  for (size_t n = 0; n < val.size(); ++n) {
    require_ok(put(*db, key, val.substr(0, n)));
    BOOST_CHECK(read_schedules(*db, found).code == errc::corruption);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_CASE(a_definition_of_the_first_version_has_the_defaults,
                        memory_fixture) {
  job_definition plain;
  plain.id = "old";
  plain.name = "Old";
  write(*db, [&](write_batch& out) { put_definition(out, plain); });
  const auto key = text_key(table::definitions, "old");
  std::string val;
  require_ok(db->read(key, val));
  // Time zone, missed, overlap, parallel; a byte each. An empty retention.
  val.resize(val.size() - 4 - (1 + 2 * plain.retention.size()));
  val[0] = 1;
  require_ok(put(*db, key, val));
  job_definition found;
  require_ok(read_definition(*db, "old", found));
  BOOST_CHECK(found == plain);
}
