#pragma once

#include "actors/messages.hpp"
#include "definitions/secrets.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace quaero {

struct job_context_limits {
  size_t lines_max = 150'000;    ///< Held at a time; more are dropped, counted.
  size_t children_max = 100'000; ///< Of one attempt.
  size_t documents_max = 10'000; ///< Of one attempt.
};

/// What one attempt may do: the only thing a worker has of the runtime.
/// Any thread may call it, until the worker has answered.
/// Children, documents and lines take effect with the attempt's outcome, all
/// or none; lines may be seen earlier. An attempt that will be repeated leaves
/// its lines only. Secrets that the job's configuration was given are taken out
/// of all that: children's configurations keep references to them.
class job_context {
public:
  /// @param on_line called after the first line since take_lines(); must not
  ///                block.
  job_context(leased_job lease, const wall_clock& clock,
              std::function<void()> on_line, job_context_limits limits = {},
              secrets given = {});

  const queue_job& job() const { return lease_.job; }
  uint64_t epoch() const { return lease_.epoch; }
  uint32_t attempt() const { return lease_.attempt; } ///< From 1.
  const leased_job& lease() const { return lease_; }
  timestamp now() const { return clock_.now(); }

  /// Says something in the job's log.
  void log(log_level level, std::string message);

  /// Has a job made below the same step. It has this job's queue, priority,
  /// retry policy, time limit and limit key where it says nothing else than a
  /// new job's defaults, and requires the same labels besides its own.
  /// @returns false if `children_max` is reached.
  bool spawn(new_job child);

  /// Has a document saved.
  /// @returns false if `documents_max` is reached.
  bool save(document x);

  /// Whether the attempt shall stop; to be asked between pieces of work.
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  /// Has `action` called when the attempt shall stop, at once if it shall
  /// already: for a worker that waits for something else. Replaces an earlier
  /// one. It must not block, and must not hold the context.
  void on_cancel(std::function<void()> action);

  // -- for the runtime --------------------------------------------------------

  /// Secrets in the job's configuration.
  const secrets& given() const { return given_; }

  void cancel();
  std::vector<log_line> take_lines();
  std::vector<new_job> take_children();
  std::vector<document> take_documents();

private:
  const leased_job lease_;
  const wall_clock& clock_;
  const std::function<void()> on_line_;
  const job_context_limits limits_;
  const secrets given_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::function<void()> on_cancel_;
  std::vector<log_line> lines_;
  size_t dropped_ = 0;
  std::vector<new_job> children_;
  std::vector<document> documents_;
};

/// Where a job's lines go: the log of its step, or its own outside of a step.
inline job_id log_owner(const queue_job& job) {
  return job.step_id ? job.step_id : job.id;
}

} // namespace quaero
