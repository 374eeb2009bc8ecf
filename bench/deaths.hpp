#pragma once

#include "bench/harness.hpp"

namespace quaero::bench {

struct deaths_config {
  uint32_t rounds = 1000;               ///< > 0; workers that are ended.
  durability level = durability::group; ///< Of what the QUEUE commits.
  uint64_t threads = 2;                 ///< Of the actors.
  std::string dir; ///< For the database; emptied before and after.
};

struct deaths_result {
  distribution rerun; ///< From the end of a worker to its job running again.
  bool exact = false; ///< Each job ran as often as it should, then ended.
};

/// Ends the worker of a job that runs, again and again, and waits for the job
/// to run with the next worker.
deaths_result run_deaths(const deaths_config& how);

} // namespace quaero::bench
