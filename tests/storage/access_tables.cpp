#include "storage/access_tables.hpp"

#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

api_token full_token(uint64_t n) {
  api_token out;
  out.id = make_id(n);
  out.name = "ci " + std::to_string(n);
  out.scope = access_scope::operate;
  out.hash.fill(static_cast<uint8_t>(n));
  out.created_at = at(5);
  out.expires_at = at(50);
  out.revoked_at = at(7);
  out.last_used = at(6);
  return out;
}

audit_record full_record(uint64_t n) {
  return {n,          at(static_cast<int64_t>(n)),
          401,        "ci",
          make_id(3), "127.0.0.1",
          "POST",     "/api/jobs",
          "r1",       7};
}

std::vector<uint64_t> sequences(const store& db, uint64_t first,
                                uint64_t before, size_t limit) {
  std::vector<audit_record> found;
  require_ok(read_audit(db, first, before, limit, found));
  std::vector<uint64_t> out;
  for (const auto& x : found)
    out.push_back(x.sequence);
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(access_tables, memory_fixture)

BOOST_AUTO_TEST_CASE(tokens_come_back_as_they_were_the_oldest_first) {
  auto full = full_token(2);
  api_token plain;
  plain.id = make_id(1);
  write(*db, [&](write_batch& out) {
    put_token(out, full);
    put_token(out, plain);
    put_token(out, full_token(3));
    remove_token(out, make_id(3));
  });
  std::vector<api_token> found;
  require_ok(read_tokens(*db, found));
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_CHECK(found[0] == plain);
  BOOST_CHECK(found[1] == full);
}

BOOST_AUTO_TEST_CASE(a_damaged_token_is_named) {
  require_ok(put(*db, std::string{"t"} + std::string(16, 'i'), "\x01"));
  std::vector<api_token> found;
  auto result = read_tokens(*db, found);
  BOOST_CHECK(result.code == errc::corruption);
  BOOST_TEST((result.message.find("tokens") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(audit_records_come_back_newest_first_in_pages) {
  audit_record plain;
  plain.sequence = 4;
  write(*db, [&](write_batch& out) {
    for (uint64_t n = 1; n <= 3; ++n)
      put_audit_record(out, full_record(n));
    put_audit_record(out, plain);
  });
  std::vector<audit_record> found;
  require_ok(read_audit(*db, 1, 0, 2, found));
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_CHECK(found[0] == plain);
  BOOST_CHECK(found[1] == full_record(3));
  BOOST_CHECK((sequences(*db, 1, 3, 9) == std::vector<uint64_t>{2, 1}));
  BOOST_CHECK((sequences(*db, 2, 0, 9) == std::vector<uint64_t>{4, 3, 2}));
  BOOST_CHECK(sequences(*db, 1, 1, 9).empty());
}

BOOST_AUTO_TEST_CASE(the_range_of_the_audit_log_starts_at_its_head) {
  audit_range range;
  require_ok(read_audit_range(*db, range));
  BOOST_CHECK_EQUAL(range.first, 1u);
  BOOST_CHECK_EQUAL(range.next, 1u);
  write(*db, [&](write_batch& out) {
    for (uint64_t n = 1; n <= 5; ++n)
      put_audit_record(out, full_record(n));
    trim_audit(out, 1, 3);
  });
  require_ok(read_audit_range(*db, range));
  BOOST_CHECK_EQUAL(range.first, 3u);
  BOOST_CHECK_EQUAL(range.next, 6u);
  write(*db, [&](write_batch& out) { trim_audit(out, 3, 6); });
  require_ok(read_audit_range(*db, range));
  BOOST_CHECK_EQUAL(range.first, 6u);
  BOOST_CHECK_EQUAL(range.next, 6u);
}

BOOST_AUTO_TEST_SUITE_END()
