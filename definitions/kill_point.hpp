#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

/// Named places at which the process can be made to end as by SIGKILL, so that
/// a test can choose where a daemon dies. Unarmed, passing one costs a load and
/// a branch, once a commit: so they are in the program that is shipped, and it
/// is that one which is tested.
namespace quaero {

enum class kill_at : uint8_t {
  store_before_write,
  store_after_write, ///< What was written is not acknowledged.
  store_after_ack,
  collector_before_store, ///< Numbered, on its way to STORE.
  collector_after_commit, ///< Committed, not published.
  attempt_before_start,
  step_before_end,
  run_before_end,
  schedule_before_tick, ///< Decided, not stored.
  start_after_open,     ///< The database is open, nothing was written.
  start_after_boot,     ///< The start was counted.
  start_before_endpoint,
  recovery_after_queue, ///< Queue entries are read, runs are not.
  recovery_after_run,   ///< One more run is read.
  recovery_before_runs, ///< All is read, nothing is brought back.
  index_before_write,   ///< Of a part of an index that is made anew.
  index_before_mark,    ///< It is made, and not yet marked as whole.
};

inline constexpr std::array kill_point_names{
  "store.before_write",     "store.after_write",      "store.after_ack",
  "collector.before_store", "collector.after_commit", "attempt.before_start",
  "step.before_end",        "run.before_end",         "schedule.before_tick",
  "start.after_open",       "start.after_boot",       "start.before_endpoint",
  "recovery.after_queue",   "recovery.after_run",     "recovery.before_runs",
  "index.before_write",     "index.before_mark"};

/// What names the point, for quaerod.
inline constexpr const char* kill_point_variable = "QUAERO_KILL_POINT";

/// Arms one point, "NAME" or "NAME:N": the process kills itself when it passes
/// it for the N-th time (1 to 1,000,000,000; 1 if absent). Call it before the
/// first thread.
/// @returns "" or what is wrong, with the names that there are.
std::string arm_kill_point(std::string_view text);

namespace detail {

inline std::atomic<bool> kill_point_armed{false};
void pass(kill_at where);

} // namespace detail

/// Any thread.
inline void kill_point(kill_at where) {
  if (detail::kill_point_armed.load(std::memory_order_relaxed)) [[unlikely]]
    detail::pass(where);
}

} // namespace quaero
