#pragma once

#include "actors/runtime.hpp"
#include "storage/job_index.hpp"

#include <cstdint>
#include <string>

namespace quaero::bench {

/// Writes jobs into a database as the runtime would have, without one: records,
/// events, index and totals.
class history_writer {
public:
  /// @param db has a format and no jobs.
  explicit history_writer(storage::store& db);

  /// An id for a job that is to be added next.
  job_id next_id() { return ids_.next(); }

  /// Adds a job in a terminal state, at its first attempt, or one that waits.
  /// Commits when there is enough.
  void add(const queue_job& job, const storage::run_facets& run,
           job_status state);

  /// REQUIRES: before the database is used.
  void commit();

private:
  storage::store& db_;
  id_generator ids_;
  storage::job_index_writer index_;
  storage::write_batch batch_;
  storage::totals totals_;
  uint64_t sequence_ = 0;
};

/// So many jobs like `job`, completed.
void write_ended_jobs(storage::store& db, uint64_t jobs, const new_job& job);

} // namespace quaero::bench
