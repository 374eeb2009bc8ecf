#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

const job_id owner = make_id(100);
const job_id worker = make_id(200);

/// Lines 1 to 100: every tenth is a warning, line 50 an error, the others of
/// odd number debug, of even number info. Lines of threes are the worker's.
struct fixture : memory_fixture {
  fixture() {
    log_entry x;
    x.line.owner = owner;
    write(*db, [&](write_batch& out) {
      for (x.index = 1; x.index <= 100; ++x.index) {
        x.sequence = 1000 + x.index;
        x.line.job = x.index % 3 == 0 ? worker : owner;
        x.line.level = level_of(x.index);
        ++x.totals[static_cast<size_t>(x.line.level)];
        put_log_entry(out, x);
        auto other = x; // The neighbours in the table.
        other.line.owner = make_id(x.index % 2 ? 99 : 101);
        other.line.job = other.line.owner;
        put_log_entry(out, other);
      }
    });
  }

  static log_level level_of(uint64_t index) {
    if (index == 50)
      return log_level::error;
    if (index % 10 == 0)
      return log_level::warn;
    return index % 2 ? log_level::debug : log_level::info;
  }

  std::vector<uint64_t> lines(const log_query& query, bool job = false) {
    std::vector<log_entry> found;
    require_ok(job ? read_job_log(*db, worker, query, found)
                   : read_log(*db, owner, query, found));
    std::vector<uint64_t> result;
    for (auto& x : found)
      result.push_back(x.index);
    return result;
  }
};

using indexes = std::vector<uint64_t>;

log_query make_query(log_level level, size_t limit, bool newest = true,
                     uint64_t after = 0, uint64_t before = 0) {
  return {level, limit, newest, after, before};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(log_tables, fixture)

BOOST_AUTO_TEST_CASE(a_line_comes_back_exactly) {
  auto full = full_entry_of_log();
  auto own = full;
  own.index = 11;
  own.sequence++;
  own.line.job = own.line.owner;
  own.line.manager = own.line.owner;
  own.line.message = "";
  auto none = full;
  none.index = 12;
  none.sequence += 2;
  none.line.manager = {};
  none.line.job = {};
  none.line.at = {};
  write(*db, [&](write_batch& out) {
    for (auto& x : {full, own, none})
      put_log_entry(out, x);
  });
  std::vector<log_entry> found;
  require_ok(read_log(*db, full.line.owner, {}, found));
  BOOST_CHECK((found == std::vector{full, own, none}));
  require_ok(read_job_log(*db, full.line.job, {}, found));
  BOOST_CHECK((found == std::vector{full}));
  require_ok(read_job_log(*db, {}, {}, found));
  BOOST_CHECK((found == std::vector{none}));
}

BOOST_AUTO_TEST_CASE(the_last_line_tells_the_totals) {
  std::optional<log_entry> found;
  require_ok(read_last_log_entry(*db, owner, found));
  BOOST_REQUIRE(found);
  BOOST_CHECK_EQUAL(found->index, 100u);
  BOOST_CHECK((found->totals == std::array<uint64_t, 4>{50, 40, 9, 1}));
  require_ok(read_last_log_entry(*db, make_id(12345), found));
  BOOST_CHECK(!found);
}

BOOST_AUTO_TEST_CASE(the_newest_lines_come_ascending) {
  BOOST_CHECK((lines(make_query(log_level::debug, 3)) == indexes{98, 99, 100}));
  BOOST_CHECK((lines(make_query(log_level::info, 3)) == indexes{96, 98, 100}));
  BOOST_CHECK((lines(make_query(log_level::warn, 2)) == indexes{90, 100}));
  BOOST_CHECK((lines(make_query(log_level::error, 2)) == indexes{50}));
  BOOST_CHECK_EQUAL(lines(make_query(log_level::debug, 1000)).size(), 100u);
}

BOOST_AUTO_TEST_CASE(the_oldest_lines_come_ascending) {
  BOOST_CHECK(
    (lines(make_query(log_level::debug, 3, false)) == indexes{1, 2, 3}));
  BOOST_CHECK(
    (lines(make_query(log_level::warn, 2, false)) == indexes{10, 20}));
  BOOST_CHECK((lines(make_query(log_level::error, 2, false)) == indexes{50}));
}

BOOST_AUTO_TEST_CASE(bounds_are_exclusive) {
  auto debug = log_level::debug;
  BOOST_CHECK((lines(make_query(debug, 9, false, 97)) == indexes{98, 99, 100}));
  BOOST_CHECK((lines(make_query(debug, 9, true, 97)) == indexes{98, 99, 100}));
  BOOST_CHECK((lines(make_query(debug, 9, true, 0, 3)) == indexes{1, 2}));
  BOOST_CHECK((lines(make_query(debug, 9, false, 0, 3)) == indexes{1, 2}));
  BOOST_CHECK((lines(make_query(debug, 2, true, 10, 20)) == indexes{18, 19}));
  BOOST_CHECK((lines(make_query(debug, 2, false, 10, 20)) == indexes{11, 12}));
  BOOST_CHECK(
    (lines(make_query(log_level::warn, 9, true, 50, 80)) == indexes{60, 70}));
  BOOST_CHECK(lines(make_query(debug, 9, true, 100)).empty());
  BOOST_CHECK(lines(make_query(debug, 9, false, UINT64_MAX)).empty());
  BOOST_CHECK(lines(make_query(debug, 9, true, 0, 1)).empty());
  BOOST_CHECK(lines(make_query(debug, 0)).empty());
}

BOOST_AUTO_TEST_CASE(the_lines_of_one_job_are_found) {
  BOOST_CHECK(
    (lines(make_query(log_level::debug, 2), true) == indexes{96, 99}));
  BOOST_CHECK(
    (lines(make_query(log_level::debug, 2, false), true) == indexes{3, 6}));
  BOOST_CHECK(
    (lines(make_query(log_level::warn, 9), true) == indexes{30, 60, 90}));
  BOOST_CHECK(
    (lines(make_query(log_level::warn, 9, true, 30, 90), true) == indexes{60}));
  BOOST_CHECK_EQUAL(lines(make_query(log_level::debug, 99), true).size(), 33u);
  BOOST_CHECK(lines(make_query(log_level::debug, 0), true).empty());
}

BOOST_AUTO_TEST_SUITE_END()
