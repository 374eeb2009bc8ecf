#pragma once

#include <cstdint>
#include <string>

namespace quaero::bench {

struct idle_config {
  uint32_t schedules = 10'000; ///< Of as many definitions, an hour apart each.
  double seconds = 30;         ///< > 0; how long it is watched.
  double settle_s = 10;        ///< Before that.
  std::string dir;             ///< For its data; emptied before and after.
};

struct idle_result {
  double cores = 0;         ///< Processor time of all threads, per second.
  double wakeups_per_s = 0; ///< Times that a thread waited, of all threads.
  uint64_t resident_bytes = 0;
  bool exact = false; ///< It had so many schedules, and was idle.
};

/// Watches a daemon with nothing to do.
idle_result run_idle(const idle_config& how);

} // namespace quaero::bench
