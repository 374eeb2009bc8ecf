#pragma once

#include "definitions/queue_job.hpp"
#include "definitions/value.hpp"

#include <cstdint>
#include <string>

namespace quaero::bench {

struct throughput_config {
  uint64_t jobs = 200'000; ///< > 0.
  uint32_t batch = 1000;   ///< > 0; jobs in one submission.
  uint32_t in_flight = 8;  ///< > 0; submissions that wait for their reply.
  uint32_t payload = 200;  ///< Bytes of each job's configuration, at least 14.
  durability level = durability::buffered;
  uint64_t threads = 2; ///< Of the actors.
  std::string dir;      ///< For the databases; emptied before and after.
};

struct throughput_result {
  double jobs_per_s = 0;
  double raw_jobs_per_s = 0;
  bool exact = false;  ///< Each job is there, completed once, and none waits.
  std::string problem; ///< Why it is not exact.

  double ratio() const {
    return raw_jobs_per_s > 0 ? jobs_per_s / raw_jobs_per_s : 0;
  }
};

/// Submits `jobs` noop jobs in batches to a runtime on a database of its own,
/// and measures from the first submission until the last job's end is committed
/// and published. Then reads the whole database back and checks it.
throughput_result run_throughput(const throughput_config& how);

/// The same records, events and queue entries, written by one thread in commits
/// of `batch` jobs, without any actor: the limit.
double run_raw(const throughput_config& how);

} // namespace quaero::bench
