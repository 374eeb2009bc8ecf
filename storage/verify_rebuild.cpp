#include "storage/job_index.hpp"
#include "storage/keys.hpp"
#include "storage/table_checks.hpp"
#include "storage/tables.hpp"
#include "storage/verify.hpp"

#include <algorithm>

namespace quaero::storage {

namespace {

constexpr size_t id_bytes = 16;
constexpr size_t batch_bytes_max = 1 << 20;

class rebuilder {
public:
  rebuilder(store& db, const verify_progress& progress, verify_report& out)
    : db_{db}, progress_{progress}, out_{out} {}

  status run() {
    each(table::jobs, [this](auto key, auto&&) {
      if (part_of(key) == job_part::record)
        add_job(key);
    });
    each(table::log, [this](auto key, auto&&) { add_line(key); });
    each(table::documents, [this](auto key, auto&&) { add_document(key); });
    remove_wrong();
    put_totals(batch_, totals_);
    flush(true);
    if (error_.ok())
      error_ = rebuild_job_index(
        db_, [this](uint64_t n) { progress_("job_postings", n); });
    if (error_.ok())
      out_.mended.push_back("totals and the index of jobs are made anew");
    return error_;
  }

private:
  template <class F>
  void each(table which, F f) {
    if (!error_.ok())
      return;
    const std::string_view name = table_name(static_cast<char>(which));
    uint64_t records = 0;
    auto result = for_each(db_, fixed_key{which},
                           [&](std::string_view key, std::string_view val) {
                             if (records++ % verify_progress_records == 0)
                               progress_(name, records - 1);
                             f(key, val);
                             if (batch_.bytes() >= batch_bytes_max)
                               flush(false);
                             return error_.ok();
                           });
    if (error_.ok() && result.code != errc::corruption)
      error_ = result; // Damage is for verify() to name.
  }

  void flush(bool sync) {
    if (error_.ok() && (sync || !batch_.empty()))
      error_ = db_.write(batch_, sync);
    batch_.clear();
  }

  static job_id id_at(std::string_view key, size_t at) {
    return key.size() >= at + id_bytes
             ? job_id_from_bytes(key.substr(at, id_bytes))
             : job_id{};
  }

  void add_job(std::string_view key) {
    queue_job job;
    std::vector<job_event> events;
    const auto id = id_at(key, 1);
    if (!read_job(db_, id, job).ok() || !read_events(db_, id, events).ok())
      return;
    put_job(batch_, job);
    const auto state = fold(events, job.type == step_job_type).status;
    ++totals_.jobs[static_cast<size_t>(state)];
    totals_.roots += !job.parent_id;
    if (job.type != manager_job_type)
      return;
    if (is_terminal(state))
      remove_active(batch_, id);
    else
      put_active(batch_, id);
  }

  void add_line(std::string_view key) {
    constexpr size_t index_bytes = 8;
    if (key.size() != 1 + id_bytes + index_bytes)
      return;
    uint64_t index = 0;
    for (char c : key.substr(1 + id_bytes))
      index = index << 8 | static_cast<uint8_t>(c);
    log_query one;
    one.level = log_level::debug;
    one.limit = 1;
    one.newest = false;
    one.after = index - 1;
    std::vector<log_entry> found;
    if (!read_log(db_, id_at(key, 1), one, found).ok() || found.empty())
      return;
    put_log_entry(batch_, found[0]);
    totals_.log_sequence = std::max(totals_.log_sequence, found[0].sequence);
  }

  void add_document(std::string_view key) {
    document x;
    if (!read_document(db_, key.substr(1), x).ok())
      return;
    ++totals_.documents;
    put_document(batch_, x, nullptr);
  }

  /// Calls `wrong(key, val)` for each entry, and removes those it is true of.
  /// What leads to a record that cannot be read is not wrong: it may be mended.
  template <class F>
  void prune(table which, F wrong) {
    uint64_t count = 0;
    each(which, [&](std::string_view key, std::string_view val) {
      if (!wrong(key, val))
        return;
      ++count;
      batch_.remove(key);
    });
    if (count > 0)
      out_.mended.push_back(std::to_string(count) + " entries of "
                            + table_name(static_cast<char>(which))
                            + " that led nowhere are gone");
  }

  void remove_wrong() {
    prune(table::children, [this](std::string_view key, auto&&) {
      queue_job job;
      const auto read = read_job(db_, id_at(key, 1 + id_bytes), job);
      return read.code == errc::not_found
             || (read.ok() && job.parent_id != id_at(key, 1));
    });
    prune(table::active, [this](std::string_view key, auto&&) {
      queue_job job;
      return read_job(db_, id_at(key, 1), job).code == errc::not_found;
    });
    prune(table::job_log, [this](std::string_view key, std::string_view val) {
      return !check_line_place(db_, key, val).ok();
    });
    prune(table::document_index, [this](std::string_view key, auto&&) {
      document x;
      const auto read = read_document(db_, document_of_index_key(key), x);
      if (!read.ok())
        return read.code == errc::not_found;
      const auto keys = document_index_keys(x);
      return !std::binary_search(keys.begin(), keys.end(), key);
    });
    prune(table::document_sources,
          [this](std::string_view key, std::string_view id) {
            document x;
            const auto read = read_document(db_, id, x);
            return read.code == errc::not_found
                   || (read.ok() && document_source_key(x) != key);
          });
  }

  store& db_;
  const verify_progress& progress_;
  verify_report& out_;
  write_batch batch_;
  totals totals_;
  status error_;
};

} // namespace

status rebuild_derived(store& db, const verify_progress& progress,
                       verify_report& out) {
  return rebuilder{db, progress, out}.run();
}

} // namespace quaero::storage
