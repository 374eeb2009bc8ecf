#pragma once

#include "storage/store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Looks at everything in a database: that each record can be read, and that
/// what is stored twice agrees.
namespace quaero::storage {

struct verify_config {
  size_t named_max = 100; ///< Faults that are named; all are counted.
};

struct verify_report {
  uint64_t faults = 0;
  std::vector<std::string> named; ///< The first of them: table, id, what.
  uint64_t jobs = 0;
  uint64_t lines = 0;
  uint64_t documents = 0;
  uint64_t queue_entries = 0;
  std::vector<std::string> mended; ///< By rebuild_derived().
};

/// Called with the table that is being read and how many of its records were.
using verify_progress
  = std::function<void(std::string_view table, uint64_t records)>;

/// How many records there are between two calls.
inline constexpr uint64_t verify_progress_records = 100'000;

/// Checks, and changes nothing:
/// - every record of every table can be read, and no other keys are there;
/// - the history of a job has allowed moves only, and one end at most;
/// - totals and the index of jobs are what the histories say, both ways (not
///   an index without its mark: it is made anew at the next start);
/// - parents, runs and steps of jobs are there; the lists of children, of jobs
///   without a parent and of active runs agree with the jobs, both ways;
/// - a job that waits or runs has one queue entry, any other one has none;
/// - lines of each log and entries of each stream are numbered without a gap,
///   and the index of a job's lines leads to its lines;
/// - the index of documents and that of their sources agree with them.
/// Memory: 16 bytes for each job in the queue, one log page, and about 200
/// bytes for each tag, type, queue and definition that the index knows.
/// REQUIRES: nobody writes meanwhile.
void verify(const store& db, const verify_config& how,
            const verify_progress& progress, verify_report& out);

/// Makes everything again that can be told from jobs, histories, lines and
/// documents: their indexes and the totals. Adds what is missing before it
/// removes what is wrong; can be interrupted, and called again. Records that
/// cannot be read are left alone, so verify() still names them.
/// REQUIRES: nobody else uses `db`.
status rebuild_derived(store& db, const verify_progress& progress,
                       verify_report& out);

} // namespace quaero::storage
