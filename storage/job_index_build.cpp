#include "definitions/kill_point.hpp"
#include "storage/codec.hpp"
#include "storage/job_index.hpp"
#include "storage/keys.hpp"
#include "storage/life_tables.hpp"
#include "storage/tables.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace quaero::storage {

namespace {

/// Jobs in one write, and between two words about progress.
constexpr uint64_t batch_jobs = 4096;

/// Runs whose definition is remembered; their jobs are near each other.
constexpr size_t runs_kept_max = 1000;

/// Bytes of removed keys in one write.
constexpr size_t batch_bytes_max = 1 << 20;

/// The form of the index that marker tells of.
constexpr char index_version = 2;

std::string marker_key() {
  return text_key(table::meta, "job_index");
}

status remove_table(store& db, table which) {
  const std::string prefix(1, static_cast<char>(which));
  write_batch batch;
  status error;
  auto result
    = for_each(db, prefix, [&](std::string_view key, std::string_view) {
        batch.remove(key);
        if (batch.bytes() >= batch_bytes_max) {
          error = db.write(batch, false);
          batch.clear();
        }
        return error.ok();
      });
  if (!error.ok())
    return error;
  return result.ok() && !batch.empty() ? db.write(batch, false) : result;
}

class builder {
public:
  builder(store& db, const index_progress& progress)
    : db_{db}, progress_{progress}, writer_{std::make_unique<job_index_writer>(
                                      db, job_index_config{})} {}

  status build() {
    auto result = for_each(db_, std::string(1, static_cast<char>(table::jobs)),
                           [this](std::string_view key, std::string_view) {
                             const auto part = part_of(key);
                             if (part == job_part::unknown)
                               error_ = damaged(key);
                             else if (part == job_part::record)
                               take(job_id_from_bytes(key.substr(1)));
                             return error_.ok();
                           });
    if (error_.ok())
      error_ = result;
    if (error_.ok())
      write();
    return error_;
  }

private:
  void take(const job_id& id) {
    queue_job job;
    std::vector<job_event> events;
    auto result = read_job(db_, id, job);
    if (result.ok())
      result = read_events(db_, id, events);
    if (!result.ok()) {
      error_ = result;
      return;
    }
    const auto found = fold(events, job.type == step_job_type);
    const auto state = found.status;
    const auto facets = name(job);
    writer_->add(facets, id);
    if (state != job_status::pending)
      writer_->move(facets, id, job_status::pending, state);
    if (found.reason != failure_reason::none)
      bury(found.reason, id);
    if (++jobs_ % batch_jobs == 0)
      write();
  }

  /// One that was tried again is no dead letter any more.
  void bury(failure_reason why, const job_id& id) {
    job_label label;
    error_ = read_label(db_, id, label);
    if (error_.ok() && !label.retried_as)
      writer_->bury(why, id);
  }

  /// Neighbours are alike, nearly always.
  uint32_t name(const queue_job& job) {
    auto facets = facets_of(job);
    if (!named_ || facets != last_) {
      last_ = std::move(facets);
      number_ = writer_->name(last_, run_of(job));
      named_ = true;
    }
    return number_;
  }

  const run_facets& run_of(const queue_job& job) {
    static const run_facets none;
    if (!job.manager_id)
      return none;
    if (runs_.size() > runs_kept_max)
      runs_.clear();
    auto [i, added] = runs_.try_emplace(job.manager_id);
    queue_job manager;
    if (added && read_job(db_, job.manager_id, manager).ok())
      i->second = run_facets_of(manager);
    return i->second;
  }

  void write() {
    kill_point(kill_at::index_before_write);
    write_batch batch;
    error_ = writer_->finish(batch);
    named_ = false;
    if (error_.ok())
      error_ = db_.write(batch, false);
    writer_->stored(writer_->finished());
    progress_(jobs_);
  }

  store& db_;
  const index_progress& progress_;
  std::unique_ptr<job_index_writer> writer_;
  std::unordered_map<job_id, run_facets> runs_;
  uint64_t jobs_ = 0;
  bool named_ = false;
  job_facets last_;
  uint32_t number_ = 0;
  status error_;
};

} // namespace

status rebuild_job_index(store& db, const index_progress& progress) {
  write_batch unmark;
  unmark.remove(marker_key());
  auto result = db.write(unmark, true);
  if (result.ok())
    result = remove_table(db, table::job_postings);
  if (result.ok())
    result = remove_table(db, table::job_counts);
  if (result.ok())
    result = remove_table(db, table::dead_letters);
  if (result.ok())
    result = builder{db, progress}.build();
  if (!result.ok())
    return result;
  kill_point(kill_at::index_before_mark);
  write_batch mark;
  mark.put(marker_key(), std::string(1, index_version));
  return db.write(mark, true);
}

status open_job_index(store& db, const index_progress& progress) {
  std::string found;
  auto result = db.read(marker_key(), found);
  if (result.ok() && found == std::string(1, index_version))
    return {};
  if (!result.ok() && result.code != errc::not_found)
    return result;
  return rebuild_job_index(db, progress);
}

} // namespace quaero::storage
