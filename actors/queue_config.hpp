#pragma once

#include "actors/metrics.hpp"
#include "definitions/queue_job.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace quaero {

struct queue_config {
  uint64_t boot = 1;               ///< Number of this start; part of epochs.
  uint64_t length_max = 5'000'000; ///< Jobs that wait or run; more are refused.
  size_t queues_max = 1000;        ///< > 0; named queues at a time.
  /// Bytes of records kept in memory; jobs beyond are read when their turn
  /// comes.
  uint64_t resident_bytes_max = 256ull << 20;
  uint32_t commits_in_flight_max = 4; ///< > 0; meanwhile changes gather.
  uint32_t block_jobs_max = 256;      ///< > 0; jobs in one assignment.
  uint64_t head_lag_max = 4096;       ///< Sequences until the head is stored.
  uint64_t position_max = 10'000;     ///< How far explain counts.
  /// > 0; see due_of().
  std::chrono::nanoseconds priority_aging = std::chrono::minutes{10};
  uint32_t deaths_max = 3; ///< > 0; then a job is quarantined.
  /// > 0; a pool that has jobs and says nothing for so long has lost them.
  std::chrono::nanoseconds lease = std::chrono::seconds{15};
  /// After a start, jobs that a remote pool had wait for so long for it to say
  /// that it still has them; 0: they do not wait.
  std::chrono::nanoseconds claim_grace{};
  /// Of the reports' commits.
  durability report_durability = durability::group;
  metrics_ptr meter; ///< Made by the QUEUE if there is none.
};

} // namespace quaero
