#include "storage/format.hpp"
#include "storage/job_index.hpp"
#include "storage/job_scan.hpp"
#include "storage/life_tables.hpp"
#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

job_definition stored(const job_definition& x) {
  memory_store db;
  write(db, [&](write_batch& out) { put_definition(out, x); });
  job_definition result;
  require_ok(read_definition(db, x.id, result));
  return result;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(meta_tables, memory_fixture)

BOOST_AUTO_TEST_CASE(an_empty_database_gets_the_format_of_the_program) {
  require_ok(open_format(*db));
  require_ok(open_format(*db));
  BOOST_CHECK_EQUAL(all(*db).size(), 1u);
}

BOOST_AUTO_TEST_CASE(the_format_is_synced) {
  fault_store faulty{std::move(db)};
  require_ok(open_format(faulty));
  BOOST_CHECK_EQUAL(faulty.syncs(), 1u);
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_refused) {
  require_ok(open_format(*db));
  auto key = all(*db).front().first;
  require_ok(put(*db, key, std::string{"\x01", 1} + char(format_version + 1)));
  auto result = open_format(*db);
  BOOST_CHECK(result.code == errc::too_new);
  BOOST_CHECK(result.message.find("format 3") != std::string::npos);
}

namespace {

/// As format 1 had it: a run and a job of its own, each with its list entries.
void fill_format_1(store& db) {
  write(db, [](write_batch& out) {
    out.put("mformat", std::string{"\x01\x01", 2});
    out.put("mjob_index", "\x02");
    write_batch now;
    auto job = full_job();
    job.parent_id = {};
    for (uint64_t n : {1, 2}) {
      job.id = make_id(n);
      put_job(now, job);
      job_event event = full_event();
      event.id = job.id;
      put_event(now, 1, event);
      out.put(std::string{"r"}.append(job.id.view()), {});
    }
    now.visit(
      [&](std::string_view key, std::string_view val) {
        std::string old{key};
        old.front() = key.size() == 17 ? 'j' : 'e';
        out.put(old, val);
      },
      [](std::string_view) {});
  });
}

void check_format_2(const store& db) {
  require_ok(check_format(db));
  for (char letter : {'j', 'e', 'r'})
    BOOST_TEST(all(db, std::string(1, letter)).empty());
  for (uint64_t n : {1, 2}) {
    queue_job job;
    std::vector<job_event> events;
    require_ok(read_job(db, make_id(n), job));
    require_ok(read_events(db, make_id(n), events));
    BOOST_TEST(events.size() == 1u);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(format_1_is_brought_to_format_2) {
  fill_format_1(*db);
  BOOST_CHECK(check_format(*db).code == errc::too_old);
  require_ok(open_format(*db));
  check_format_2(*db);
  require_ok(open_job_index(*db, [](uint64_t) {}));
  std::vector<job_id> roots;
  require_ok(read_roots(*db, {}, 10, roots));
  BOOST_CHECK((roots == std::vector{make_id(2), make_id(1)}));
}

BOOST_AUTO_TEST_CASE(a_move_to_format_2_that_was_cut_short_goes_on) {
  fill_format_1(*db);
  // As if the program had ended after the first batches.
  write(*db, [this](write_batch& out) {
    out.put("mformat", std::string{"\x01\x02", 2});
    out.put("mmoving", std::string{"\x01\x01", 2});
    out.remove("mjob_index");
    const auto [key, val] = all(*db, "e").front();
    auto to = key;
    to.front() = '~';
    out.put(to, val);
    out.remove(key);
  });
  BOOST_CHECK(check_format(*db).code == errc::too_old);
  require_ok(open_format(*db));
  check_format_2(*db);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_not_moved) {
  fill_format_1(*db);
  auto [key, val] = all(*db, "e").back();
  require_ok(put(*db, key, val.substr(0, 2)));
  const auto before = all(*db);
  BOOST_CHECK(open_format(*db).code == errc::corruption);
  BOOST_CHECK(all(*db) == before);
  BOOST_CHECK(check_format(*db).code == errc::too_old);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_leaves_the_move_to_format_2_for_later) {
  fill_format_1(*db);
  auto* kept = db.get();
  fault_store faulty{std::move(db)};
  for (uint64_t n = 1; n <= 2; ++n) {
    faulty.fail_write(n, {errc::io_error, "no"});
    BOOST_CHECK(open_format(faulty).code == errc::io_error);
  }
  faulty.heal();
  require_ok(open_format(faulty));
  check_format_2(*kept);
}

BOOST_AUTO_TEST_CASE(a_format_that_never_was_is_damage) {
  require_ok(open_format(*db));
  auto key = all(*db).front().first;
  require_ok(put(*db, key, std::string("\x01\x00", 2)));
  BOOST_CHECK(open_format(*db).code == errc::corruption);
}

BOOST_AUTO_TEST_CASE(a_filled_database_without_format_is_not_ours) {
  require_ok(put(*db, "something", "else"));
  BOOST_CHECK(open_format(*db).code == errc::corruption);
  BOOST_CHECK_EQUAL(all(*db).size(), 1u);
}

BOOST_AUTO_TEST_CASE(the_greatest_id_is_of_a_job_or_an_operation) {
  job_id last;
  require_ok(read_last_id(*db, last));
  BOOST_CHECK(!last);
  queue_job job;
  operation bulk;
  for (uint8_t i : {3, 1}) {
    job.id.bytes[0] = i;
    write(*db, [&](write_batch& out) { put_job(out, job); });
  }
  require_ok(read_last_id(*db, last));
  BOOST_CHECK_EQUAL(last.bytes[0], 3);
  bulk.id.bytes[0] = 7;
  write(*db, [&](write_batch& out) { put_operation(out, bulk); });
  require_ok(read_last_id(*db, last));
  BOOST_CHECK_EQUAL(last.bytes[0], 7);
}

BOOST_AUTO_TEST_CASE(a_definition_of_an_older_daemon_is_read) {
  auto x = full_definition();
  // What it did not have, at the end: an empty text and an empty list for each
  // step, and an empty retention.
  for (auto& s : x.steps) {
    s.step_timeout.clear();
    s.job.labels.clear();
  }
  x.retention = {};
  const auto more = 2 * x.steps.size() + 1 + 2 * x.retention.size();
  write_batch now;
  put_definition(now, x);
  now.visit(
    [&](std::string_view key, std::string_view val) {
      std::string old{val.substr(0, val.size() - more)};
      old[0] = 2;
      require_ok(put(*db, std::string{key}, old));
    },
    [](std::string_view) {});
  job_definition found;
  require_ok(read_definition(*db, x.id, found));
  BOOST_CHECK(found == x);
}

BOOST_AUTO_TEST_CASE(boots_are_counted_and_synced) {
  fault_store faulty{std::move(db)};
  for (uint64_t expected : {1u, 2u, 3u}) {
    uint64_t boot = 0;
    require_ok(next_boot(faulty, boot));
    BOOST_CHECK_EQUAL(boot, expected);
    require_ok(faulty.power_loss());
  }
  faulty.fail_write(1, {errc::io_error, "broken"});
  uint64_t boot = 77;
  BOOST_CHECK(!next_boot(faulty, boot).ok());
  BOOST_CHECK_EQUAL(boot, 77u);
}

BOOST_AUTO_TEST_CASE(totals_come_back_or_are_zero) {
  totals x;
  x.documents = 5;
  require_ok(read_totals(*db, x));
  BOOST_CHECK(x == totals{});
  for (size_t i = 0; i < job_status_count; ++i)
    x.jobs[i] = 1ull << (10 * i);
  x.roots = 77;
  x.documents = 99;
  x.log_sequence = UINT64_MAX;
  write(*db, [&](write_batch& out) { put_totals(out, x); });
  totals found;
  require_ok(read_totals(*db, found));
  BOOST_CHECK(found == x);
}

BOOST_AUTO_TEST_CASE(a_definition_comes_back_exactly) {
  BOOST_CHECK(stored(full_definition()) == full_definition());
  job_definition plain;
  BOOST_CHECK(stored(plain) == plain);
  auto kind = stored(full_definition()).steps[0].config;
  BOOST_CHECK(kind.find("one")->is_double());
}

BOOST_AUTO_TEST_CASE(definitions_come_by_id) {
  auto second = full_definition();
  second.id = "alpha";
  write(*db, [&](write_batch& out) {
    put_definition(out, full_definition());
    put_definition(out, second);
  });
  std::vector<job_definition> found(3);
  require_ok(read_definitions(*db, found));
  BOOST_CHECK((found == std::vector{second, full_definition()}));
  write(*db, [&](write_batch& out) { remove_definition(out, "alpha"); });
  BOOST_CHECK(read_definition(*db, "alpha", second).code == errc::not_found);
  require_ok(read_definitions(*db, found));
  BOOST_CHECK_EQUAL(found.size(), 1u);
}

BOOST_AUTO_TEST_SUITE_END()
