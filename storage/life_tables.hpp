#pragma once

#include "definitions/job_label.hpp"
#include "definitions/operation.hpp"
#include "storage/tables.hpp"

#include <cstdint>
#include <vector>

/// Tables of what is done to jobs that are there; see storage/tables.hpp for
/// the rules.
namespace quaero::storage {

// -- labels: one a job at most ------------------------------------------------

/// Replaces the label; an empty one leaves no record.
void put_label(write_batch& out, const job_id& id, const job_label& x);

/// Empty if there is none.
status read_label(const store& db, const job_id& id, job_label& out);

// -- operations ---------------------------------------------------------------

void put_operation(write_batch& out, const operation& x);
void remove_operation(write_batch& out, const job_id& id);

/// All of them, the oldest first.
status read_operations(const store& db, std::vector<operation>& out);

// -- removal of jobs ----------------------------------------------------------

/// How far the removal of one job's lines has come.
struct line_removal {
  bool has_stream = false; ///< Of a run; it is the last to go.
  uint64_t sequence = 0;   ///< Of the last entry removed from its index.
  bool index_done = false;
  uint64_t before = 0; ///< Index of the last line removed from its log.
  bool log_done = false;
  bool done = false;
};

/// Removes up to `limit` keys of the job's lines: first from the index of its
/// lines, so that none points to a line that is gone; then from the log that it
/// owns, the newest first, so that what is left is a shorter log without a
/// gap; then its stream, if it has one. Goes on where `at` says. Lines in the
/// log of a step stay with the step.
/// @returns how many keys in `removed`.
status remove_lines(const store& db, const job_id& job, size_t limit,
                    line_removal& at, write_batch& out, size_t& removed);

/// Removes the record, its place below its parent or among the roots, events,
/// the mark as active, label. Its lines, children and queue entry must be gone.
/// @returns how many keys in `removed`.
status remove_job(const store& db, const queue_job& x, write_batch& out,
                  size_t& removed);

} // namespace quaero::storage
