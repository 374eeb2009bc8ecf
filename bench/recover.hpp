#pragma once

#include <cstdint>
#include <string>

namespace quaero::bench {

struct recover_config {
  uint64_t jobs = 1'000'000; ///< > 0; that wait when the runtime starts.
  uint32_t payload = 200;    ///< Bytes of each, at least 14.
  uint64_t threads = 2;      ///< Of the actors.
  std::string dir;           ///< For the database; emptied before and after.
};

/// Times from the start of the process' work on the database.
struct recover_result {
  double opened_s = 0;    ///< The database is open.
  double recovered_s = 0; ///< All that was going on is known again.
  double first_s = 0;     ///< The first job has ended, committed.
  double all_s = 0;       ///< The last one.
  bool exact = false;     ///< So many jobs ended, and none waits.
};

/// Queues jobs while nobody executes any, ends the runtime, and starts another
/// one on the database, with a worker.
recover_result run_recover(const recover_config& how);

} // namespace quaero::bench
