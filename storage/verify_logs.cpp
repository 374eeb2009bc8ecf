#include "storage/keys.hpp"
#include "storage/stream_tables.hpp"
#include "storage/table_checks.hpp"
#include "storage/tables.hpp"
#include "storage/verify_parts.hpp"

#include <algorithm>

namespace quaero::storage {

namespace {

constexpr size_t id_bytes = 16;
constexpr size_t page_lines = 1000;
constexpr size_t page_documents = 1000;

/// Calls `f` once for each id that a table's keys begin with, skipping to the
/// next by its own means.
template <class F>
void for_each_owner(const store& db, fault_list& faults, table which, F f) {
  const std::string_view name = table_name(static_cast<char>(which));
  const fixed_key prefix{which};
  auto at = db.scan();
  at->seek(prefix);
  while (at->valid() && at->key().starts_with(prefix.view())) {
    const auto key = at->key();
    if (key.size() < 1 + id_bytes) {
      faults.add(name, "", "a key of a wrong length");
      at->next();
      continue;
    }
    const auto id = job_id_from_bytes(key.substr(1, id_bytes));
    f(id);
    const auto end = prefix_end(fixed_key{which}.add(id));
    if (end.empty())
      break;
    at->seek(end);
  }
  faults.check(at->state(), name, "");
}

// -- logs ---------------------------------------------------------------------

/// @returns the greatest sequence, 0 if there is none.
uint64_t verify_log(const store& db, fault_list& faults, const job_id& owner) {
  if (!has_job(db, owner))
    faults.add("log", owner, "there is no such job");
  log_query query;
  query.level = log_level::debug;
  query.limit = page_lines;
  query.newest = false;
  uint64_t sequence = 0;
  std::array<uint64_t, log_level_count> counts{};
  std::vector<log_entry> page;
  do {
    if (!faults.check(read_log(db, owner, query, page), "log",
                      to_string(owner)))
      return sequence;
    for (const auto& x : page) {
      faults.count("log");
      ++faults.report().lines;
      ++counts[static_cast<size_t>(x.line.level)];
      if (x.index != query.after + 1 || x.totals != counts
          || x.sequence <= sequence)
        faults.add("log", owner,
                   "line " + std::to_string(x.index) + " does not follow line "
                     + std::to_string(query.after));
      query.after = x.index;
      counts = x.totals;
      sequence = std::max(sequence, x.sequence);
    }
  } while (page.size() == page_lines);
  return sequence;
}

void verify_places(const store& db, fault_list& faults) {
  auto result
    = for_each(db, fixed_key{table::job_log},
               [&](std::string_view key, std::string_view val) {
                 faults.count("job_log");
                 faults.check(check_line_place(db, key, val), "job_log", "");
                 return true;
               });
  faults.check(result, "job_log", "");
}

void verify_streams(const store& db, fault_list& faults) {
  for_each_owner(db, faults, table::run_stream, [&](const job_id& run) {
    if (!has_job(db, run))
      faults.add("run_stream", run, "there is no such job");
    uint64_t last = 0;
    auto result = read_stream(db, run, 0, [&](stream_item&& x) {
      faults.count("run_stream");
      if (x.sequence != last + 1)
        faults.add("run_stream", run,
                   "entry " + std::to_string(x.sequence) + " follows entry "
                     + std::to_string(last));
      last = x.sequence;
      return true;
    });
    faults.check(result, "run_stream", to_string(run));
  });
  uint64_t last = 0;
  auto result = read_daemon_stream_begin(db, last);
  if (result.ok())
    result = read_daemon_stream(db, last, [&](stream_item&& x) {
      faults.count("daemon_stream");
      if (x.sequence <= last)
        faults.add("daemon_stream", "",
                   "entry " + std::to_string(x.sequence) + " follows entry "
                     + std::to_string(last));
      last = x.sequence;
      return true;
    });
  faults.check(result, "daemon_stream", "");
}

// -- documents ----------------------------------------------------------------

void verify_document(const store& db, fault_list& faults,
                     const std::string& id) {
  document x;
  if (!faults.check(read_document(db, id, x), "documents", id))
    return;
  std::string val;
  for (const auto& key : document_index_keys(x))
    if (!db.read(key, val).ok())
      faults.add("document_index", id, "an entry is missing");
  if (!db.read(document_source_key(x), val).ok() || val != id)
    faults.add("document_sources", id, "its source does not lead to it");
}

void verify_document_indexes(const store& db, fault_list& faults) {
  auto result = for_each(
    db, fixed_key{table::document_index}, [&](std::string_view key, auto&&) {
      faults.count("document_index");
      const auto id = document_of_index_key(key);
      document x;
      std::vector<std::string> keys;
      if (!id.empty() && read_document(db, id, x).ok())
        keys = document_index_keys(x);
      if (!std::binary_search(keys.begin(), keys.end(), key))
        faults.add("document_index", id, "an entry leads to no document");
      return true;
    });
  faults.check(result, "document_index", "");
  result = for_each(
    db, fixed_key{table::document_sources},
    [&](std::string_view key, std::string_view id) {
      faults.count("document_sources");
      document x;
      if (!read_document(db, id, x).ok() || document_source_key(x) != key)
        faults.add("document_sources", id, "a source leads to no document");
      return true;
    });
  faults.check(result, "document_sources", "");
}

} // namespace

void verify_logs(const store& db, fault_list& faults) {
  uint64_t last = 0;
  for_each_owner(db, faults, table::log, [&](const job_id& owner) {
    last = std::max(last, verify_log(db, faults, owner));
  });
  totals found;
  if (read_totals(db, found).ok() && found.log_sequence < last)
    faults.add("totals", "log lines",
               "it says " + std::to_string(found.log_sequence)
                 + ", the records say " + std::to_string(last));
  verify_places(db, faults);
  verify_streams(db, faults);
}

void verify_documents(const store& db, fault_list& faults) {
  std::string after;
  std::vector<std::string> ids;
  auto& count = faults.report().documents;
  do {
    ids.clear();
    if (!faults.check(read_document_ids(db, after, page_documents, ids),
                      "documents", ""))
      break;
    for (const auto& id : ids) {
      faults.count("documents");
      ++count;
      verify_document(db, faults, id);
    }
    if (!ids.empty())
      after = ids.back();
  } while (ids.size() == page_documents);
  totals found;
  if (read_totals(db, found).ok() && found.documents != count)
    faults.add("totals", "documents",
               "it says " + std::to_string(found.documents)
                 + ", the records say " + std::to_string(count));
  verify_document_indexes(db, faults);
}

} // namespace quaero::storage
