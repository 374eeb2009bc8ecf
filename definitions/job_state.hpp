#pragma once

#include "definitions/ids.hpp"
#include "definitions/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

enum class job_status : uint8_t {
  pending,
  running,
  completed,
  failed,
  cancelled,
  skipped, ///< Steps only.
};

inline constexpr size_t job_status_count = 6;

std::string to_string(job_status x);
bool from_string(std::string_view text, job_status& out);

/// A terminal state is final.
constexpr bool is_terminal(job_status x) {
  return x >= job_status::completed;
}

/// The only moves there are. `is_step` allows pending -> skipped.
constexpr bool may_move(job_status from, job_status to, bool is_step = false) {
  switch (from) {
    case job_status::pending:
      return to == job_status::running || to == job_status::cancelled
             || to == job_status::failed
             || (is_step && to == job_status::skipped);
    case job_status::running:
      return to == job_status::completed || to == job_status::failed
             || to == job_status::cancelled || to == job_status::pending;
    default:
      return false;
  }
}

/// Why a queue job has failed for good: what makes it a dead letter.
enum class failure_reason : uint8_t {
  none,               ///< It has not, or it is a run or a step.
  attempts_exhausted, ///< The last attempt that its retry policy allows failed.
  not_retryable,      ///< Its worker says that another try is not worth it.
  expired,            ///< Nobody started it in time.
  quarantined,        ///< It took its worker down too often.
  timed_out,          ///< Its last attempt took longer than it may.
};

inline constexpr size_t failure_reason_count = 6;

std::string to_string(failure_reason x); ///< "" for none.

/// All but none.
std::vector<failure_reason> all_failure_reasons();

/// @returns false, and leaves `out` alone, if `text` is none of the reasons.
bool from_string(std::string_view text, failure_reason& out);

/// How many jobs are in which state. Leaf jobs below one parent.
struct child_counts {
  uint64_t pending = 0;
  uint64_t running = 0;
  uint64_t completed = 0;
  uint64_t failed = 0;
  uint64_t cancelled = 0;
  uint64_t documents = 0; ///< Saved by them, new ones.

  uint64_t total() const {
    return pending + running + completed + failed + cancelled;
  }
  uint64_t open() const { return pending + running; }
  bool operator==(const child_counts&) const = default;
};

/// One entry of a job's append-only history: it moved to `status`.
/// fold(job, events) = state.
struct job_event {
  job_id id;
  job_status status = job_status::pending;
  timestamp at{};
  /// Which attempt moved it: larger for each later attempt of a job, never
  /// used twice, also across restarts. 0 for moves without an attempt.
  uint64_t epoch = 0;
  uint32_t attempt = 0;      ///< From 1; 0 for moves without an attempt.
  timestamp started_at{};    ///< Set with a terminal move of a short job, whose
                             ///< start has no event of its own.
  std::string error;         ///< Why it failed, "" if it did not.
  uint64_t result_count = 0; ///< What the worker says it made.
  /// Parents only: how their leaf descendants ended, with the terminal move.
  child_counts children;
  /// What the job left for others to read: JSON object or "".
  std::string result;
  /// With the terminal move of a queue job that failed; none elsewhere.
  failure_reason reason = failure_reason::none;

  bool operator==(const job_event&) const = default;
};

/// What has happened to a job so far.
struct job_state {
  job_status status = job_status::pending;
  timestamp started_at{};  ///< First attempt; zero if none.
  timestamp finished_at{}; ///< Zero until terminal.
  timestamp updated_at{};  ///< The last event, or zero.
  uint64_t epoch = 0;      ///< Of the latest attempt.
  uint32_t attempt = 0;    ///< The latest; 0 before the first.
  std::string error;       ///< Of the latest failed attempt.
  uint64_t result_count = 0;
  child_counts children;
  std::string result;
  failure_reason reason = failure_reason::none;

  bool operator==(const job_state&) const = default;
};

/// Applies one event.
/// @returns false, and changes nothing, if the state machine forbids the move
///          or the epoch is older than the current one.
bool apply(job_state& state, const job_event& event, bool is_step = false);

/// The state that a job is in after `events`, in their order. Events that the
/// state machine forbids count for nothing.
job_state fold(const std::vector<job_event>& events, bool is_step = false);

} // namespace quaero
