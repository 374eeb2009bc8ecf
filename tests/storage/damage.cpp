#include "storage/job_scan.hpp"
#include "storage/schedule_tables.hpp"
#include "storage/stream_tables.hpp"
#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

namespace {

/// Reads everything that fill() writes, and tells the first error.
status read_all(const store& db) {
  std::vector<job_id> ids;
  std::vector<job_event> events;
  std::vector<job_definition> definitions;
  std::vector<log_entry> lines;
  std::vector<document> documents;
  std::optional<log_entry> last;
  totals sums;
  queue_job job;
  document doc;
  std::string val;
  std::vector<key_pair> pairs;
  std::vector<credential> credentials;
  std::unordered_map<std::string, schedule_record> schedules;
  std::vector<std::string> tags;
  document_counts counts;
  bool complete = false;
  uint64_t total = 0;
  log_query query;
  query.level = log_level::debug;
  status first;
  for (auto& result :
       {read_totals(db, sums),
        read_definitions(db, definitions),
        read_job(db, full_job().id, job),
        read_children(db, full_job().parent_id, {}, 10, ids),
        read_roots(db, {}, 10, ids),
        read_events(db, full_event().id, events),
        read_active(db, ids),
        read_queue(db, [](queue_entry&&) {}),
        read_log(db, make_id(2), query, lines),
        read_last_log_entry(db, make_id(2), last),
        read_job_log(db, make_id(1), query, lines),
        read_document(db, "doc_1", doc),
        read_document_id(db, "web", "http://localhost/", val),
        read_documents(db, {}, documents, total),
        read_documents(db, {"web", "run-1", {"two"}, 20, 0}, documents, total),
        read_stream(db, make_id(5), 0, [](stream_item&&) { return true; }),
        read_daemon_stream(db, 0, [](stream_item&&) { return true; }),
        read_pairs(db, pairs),
        read_credentials(db, credentials),
        read_schedules(db, schedules),
        sort_documents(db, {}, 10, documents, total, complete),
        count_documents(db, counts),
        read_document_tags(db, 10, tags),
        visit_documents(db, [](document&&, size_t) { return true; })}) {
    if (first.ok() && !result.ok())
      first = result;
  }
  return first;
}

void fill(store& db) {
  write(db, [](write_batch& out) {
    totals x;
    x.documents = 1;
    put_totals(out, x);
    put_definition(out, full_definition());
    put_schedule(out, "nightly", full_schedule());
    put_job(out, full_job());
    put_event(out, 0, full_event());
    put_active(out, make_id(7));
    put_queue_head(out, {4, 3});
    put_queue_entry(out, full_entry());
    put_log_entry(out, full_entry_of_log());
    auto doc = full_document();
    doc.content_markdown = "short";
    put_document(out, doc, nullptr);
    put_pair(out, full_pair());
    put_credential(out, full_credential());
    stream_block mine{make_id(5)};
    mine.add_line(make_id(2), 1);
    mine.add_event(full_event(), job_status::pending, true, make_id(6), "t");
    mine.put(out, 2);
    daemon_block every;
    every.add_reference(make_id(5), 2, 0);
    every.add_event(full_event(), job_status::pending, "t");
    every.put(out, 2);
  });
}

bool is_known(const status& x) {
  return x.ok() || x.code == errc::corruption || x.code == errc::not_found;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(damaged_records, memory_fixture)

BOOST_AUTO_TEST_CASE(a_record_cut_short_is_never_taken_for_another) {
  fill(*db);
  require_ok(read_all(*db));
  for (auto& [key, val] : all(*db)) {
    // Texts that end a record have no length of their own.
    bool open_ended = key[0] == 'l' || key[0] == 's';
    for (size_t size = 0; size < val.size(); ++size) {
      require_ok(put(*db, key, val.substr(0, size)));
      auto result = read_all(*db);
      BOOST_CHECK_MESSAGE(is_known(result), result.message);
      if (!open_ended)
        BOOST_CHECK_MESSAGE(result.code == errc::corruption,
                            "table " << key[0] << " cut to " << size);
    }
    require_ok(put(*db, key, val));
  }
  require_ok(read_all(*db));
}

BOOST_AUTO_TEST_CASE(flipped_bits_never_do_harm) {
  fill(*db);
  for (auto& [key, val] : all(*db)) {
    for (size_t i = 0; i < val.size() * 8; ++i) {
      auto bad = val;
      bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
      require_ok(put(*db, key, bad));
      auto result = read_all(*db);
      BOOST_CHECK_MESSAGE(is_known(result), result.message);
    }
    require_ok(put(*db, key, val));
  }
}

BOOST_AUTO_TEST_CASE(a_record_of_another_version_is_refused) {
  fill(*db);
  size_t refused = 0;
  for (auto& [key, val] : all(*db)) {
    if (val.empty() || key[0] == 's' || key[0] == 'x')
      continue;
    auto bad = val;
    bad[0] = 9;
    require_ok(put(*db, key, bad));
    BOOST_CHECK_MESSAGE(read_all(*db).code == errc::corruption,
                        "table " << key[0]);
    require_ok(put(*db, key, val));
    ++refused;
  }
  BOOST_CHECK_EQUAL(refused, 13u);
}

BOOST_AUTO_TEST_CASE(bytes_behind_a_record_are_refused) {
  fill(*db);
  for (auto& [key, val] : all(*db)) {
    if (val.empty() || key[0] == 'l' || key[0] == 's')
      continue;
    require_ok(put(*db, key, val + "x"));
    BOOST_CHECK_MESSAGE(read_all(*db).code == errc::corruption,
                        "table " << key[0]);
    require_ok(put(*db, key, val));
  }
}

BOOST_AUTO_TEST_CASE(keys_of_a_wrong_length_are_refused) {
  fill(*db);
  write(*db, [](write_batch& out) { put_job(out, queue_job{}); });
  using namespace std::string_literals;
  for (auto& key :
       {"a"s + "short", "q\x04short"s, "c"s.append(make_id(2).view()) + "s",
        "i\x61"s + '\0' + "1", "~"s.append(make_id(1).view()) + "short",
        "l"s.append(make_id(2).view()) + "\xff",
        "x"s.append(make_id(1).view())}) {
    require_ok(put(*db, key, all(*db, key.substr(0, 1)).front().second));
    auto result = read_all(*db);
    BOOST_CHECK_MESSAGE(result.code == errc::corruption, "table " << key[0]);
    write_batch batch;
    batch.remove(key);
    require_ok(db->write(batch, false));
  }
}

BOOST_AUTO_TEST_SUITE_END()
