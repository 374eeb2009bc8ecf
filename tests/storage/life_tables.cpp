#include "storage/life_tables.hpp"

#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

operation full_operation() {
  operation x;
  x.id = make_id(9);
  x.action = operation_action::remove;
  x.query = "state:failed";
  x.status = operation_status::cancelled;
  x.created_at = timestamp{std::chrono::seconds{5}};
  x.finished_at = timestamp{std::chrono::seconds{7}};
  x.total = 300;
  x.total_is_exact = false;
  x.done = 200;
  x.skipped = 50;
  x.failed = 2;
  x.errors = {{make_id(1), "no"}, {make_id(2), ""}};
  x.error = "the end";
  x.position = make_id(3);
  return x;
}

job_label full_label() {
  return {"name", "description", true, make_id(4)};
}

/// A log of 10 lines of its own and 5 of a job.
struct log_fixture : memory_fixture {
  const job_id owner = make_id(100);
  const job_id worker = make_id(200);

  log_fixture() {
    write(*db, [&](write_batch& out) {
      log_entry x;
      x.line.owner = owner;
      for (x.index = 1; x.index <= 15; ++x.index) {
        x.sequence = 1000 + x.index;
        x.line.job = x.index % 3 == 0 ? worker : owner;
        ++x.totals[0];
        put_log_entry(out, x);
      }
    });
  }

  size_t lines_of(const job_id& id) {
    std::vector<log_entry> found;
    log_query query;
    query.level = log_level::debug;
    require_ok(read_job_log(*db, id, query, found));
    return found.size();
  }

  size_t log_lines() {
    std::vector<log_entry> found;
    log_query query;
    query.level = log_level::debug;
    require_ok(read_log(*db, owner, query, found));
    for (size_t i = 0; i < found.size(); ++i)
      BOOST_CHECK_EQUAL(found[i].index, i + 1);
    return found.size();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(life_tables, memory_fixture)

BOOST_AUTO_TEST_CASE(labels_come_back_as_they_were) {
  const auto id = make_id(1);
  job_label found = full_label();
  require_ok(read_label(*db, id, found));
  BOOST_CHECK(found.empty());
  for (const auto& x :
       {full_label(), job_label{"n", "", false, {}},
        job_label{"", "d", false, {}}, job_label{"", "", true, {}},
        job_label{"", "", false, make_id(8)}}) {
    write(*db, [&](write_batch& out) { put_label(out, id, x); });
    require_ok(read_label(*db, id, found));
    BOOST_CHECK(found == x);
  }
  write(*db, [&](write_batch& out) { put_label(out, id, {}); });
  BOOST_CHECK(all(*db).empty());
}

BOOST_AUTO_TEST_CASE(operations_come_back_the_oldest_first) {
  auto one = full_operation();
  operation two;
  two.id = make_id(10);
  two.position = two.id;
  write(*db, [&](write_batch& out) {
    put_operation(out, two);
    put_operation(out, one);
  });
  std::vector<operation> found;
  require_ok(read_operations(*db, found));
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_CHECK(found[0] == one);
  BOOST_CHECK(found[1] == two);
  write(*db, [&](write_batch& out) { remove_operation(out, one.id); });
  require_ok(read_operations(*db, found));
  BOOST_CHECK_EQUAL(found.size(), 1u);
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  write(*db, [&](write_batch& out) {
    put_operation(out, full_operation());
    put_label(out, make_id(1), full_label());
  });
  for (const auto& [key, val] : all(*db))
    for (size_t bytes = 0; bytes < val.size(); ++bytes) {
      require_ok(put(*db, key, val.substr(0, bytes)));
      std::vector<operation> operations;
      job_label label;
      auto result = key[0] == 'L' ? read_label(*db, make_id(1), label)
                                  : read_operations(*db, operations);
      BOOST_CHECK(result.code == errc::corruption);
    }
}

BOOST_AUTO_TEST_CASE(a_removed_job_leaves_no_key) {
  auto root = full_job();
  root.parent_id = {};
  root.type = manager_job_type;
  auto leaf = full_job();
  leaf.id = make_id(77);
  auto event = full_event();
  write(*db, [&](write_batch& out) {
    put_active(out, root.id);
    for (const auto& x : {root, leaf}) {
      put_job(out, x);
      put_label(out, x.id, full_label());
      event.id = x.id;
      for (uint32_t n : {1u, 2u, UINT32_MAX})
        put_event(out, n, event);
    }
  });
  for (const auto& x : {leaf, root}) {
    size_t removed = 0;
    write(*db, [&](write_batch& out) {
      require_ok(remove_job(*db, x, out, removed));
    });
    BOOST_CHECK_EQUAL(removed, 6u);
    BOOST_CHECK(!has_job(*db, x.id));
  }
  BOOST_CHECK(all(*db).empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(removal_of_lines, log_fixture)

BOOST_AUTO_TEST_CASE(lines_go_in_pieces_and_leave_a_shorter_log) {
  line_removal at;
  size_t pieces = 0;
  size_t all_removed = 0;
  while (!at.done) {
    size_t removed = 0;
    write(*db, [&](write_batch& out) {
      require_ok(remove_lines(*db, owner, 4, at, out, removed));
    });
    BOOST_CHECK_LE(removed, 4u);
    all_removed += removed;
    ++pieces;
    log_lines();
    if (at.before != 0) // no line is gone before all of the index
      BOOST_CHECK_EQUAL(lines_of(owner), 0u);
  }
  BOOST_CHECK_EQUAL(all_removed, 25u);
  BOOST_CHECK_GE(pieces, 7u);
  BOOST_CHECK_EQUAL(log_lines(), 0u);
}

BOOST_AUTO_TEST_CASE(lines_of_a_job_in_the_log_of_its_step_stay_there) {
  line_removal at;
  size_t removed = 0;
  write(*db, [&](write_batch& out) {
    require_ok(remove_lines(*db, worker, 100, at, out, removed));
  });
  BOOST_CHECK(at.done);
  BOOST_CHECK_EQUAL(removed, 5u);
  BOOST_CHECK_EQUAL(log_lines(), 15u);
  BOOST_CHECK_EQUAL(lines_of(worker), 0u);
}

BOOST_AUTO_TEST_SUITE_END()
