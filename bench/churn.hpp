#pragma once

#include "definitions/queue_job.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace quaero::bench {

struct churn_config {
  uint64_t jobs = 10'000'000; ///< > 0; rounded up to whole parts.
  uint64_t part = 1'000'000;  ///< > 0; jobs of which a rate is taken.
  uint32_t payload = 200;     ///< Bytes of each, at least 14.
  durability level = durability::buffered;
  uint64_t threads = 2; ///< Of the actors.
  std::string dir;      ///< For the database; emptied before and after.
};

struct churn_part {
  double jobs_per_s = 0;
  uint64_t disk_bytes = 0;
};

struct churn_result {
  std::vector<churn_part> parts;
  uint64_t live_bytes = 0; ///< Keys and values that are there at the end.
  uint64_t disk_bytes = 0; ///< Files of the database, when it is idle.
  bool exact = false;      ///< So many jobs ended, and none waits.
};

/// Has jobs go through one runtime, part after part, and looks whether it
/// becomes slower, and what the database takes.
/// @param progress called after each part.
churn_result run_churn(const churn_config& how,
                       const std::function<void(const churn_part&)>& progress);

} // namespace quaero::bench
