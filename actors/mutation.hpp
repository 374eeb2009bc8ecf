#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// Planted mistakes: each breaks a promise, and the simulation must find it.
/// A few places of the runtime ask mutated(). In every build of the product it
/// is a constant, and the compiler leaves nothing of the question. The files
/// that ask are compiled a second time with QUAERO_MUTATIONS, for tests only;
/// see docs/testing.md.
namespace quaero {

enum class mutation : uint8_t {
  none,
  answer_before_commit,    ///< QUEUE: jobs are accepted before their commit.
  epochs_start_again,      ///< QUEUE: the start's number is not in epochs.
  no_epoch_check,          ///< QUEUE: a report of an older attempt counts.
  children_behind_the_end, ///< QUEUE: children are in a commit of their own.
  key_not_counted,         ///< QUEUE: who runs with a key is not counted.
  slot_not_given_back,     ///< QUEUE: a retry keeps its slot.
  lost_pool_unnoticed,     ///< QUEUE: the jobs of a pool that ended.
  lost_start_left_out,     ///< QUEUE: a start that a lost pool never stored.
  stop_forgets_children,   ///< QUEUE: children of a stopped run are made.
  event_not_published,     ///< LOG COLLECTOR: the last event of a block.
  reply_before_store,      ///< LOG COLLECTOR: does not wait for the STORE.
  group_not_synced,        ///< STORE: a group is written without a sync.
  failed_write_is_good,    ///< STORE: a failed write is acknowledged.
  block_left_out,          ///< EVENT HUB: who waits misses a block.
  dead_worker_unnoticed,   ///< WORKER POOL: its attempts are not told.
  failure_not_counted,     ///< STEP MONITOR: a failed job is left out.
  children_not_marked,     ///< STEP JOB: the mark of its children is left out.
  cancel_answered_early,   ///< MANAGER JOB: before the QUEUE has answered.
  tick_not_stored,         ///< SCHEDULER: the tick is not in the run's commit.
  missed_ticks_forgotten,  ///< SCHEDULER: at the start.
  delayed_job_forgotten,   ///< Recovery: the newest entry of the queue.
  failed_child_pending,    ///< Recovery: a failed child counts as open.
};

/// Names, in the order of the values; the first is "none".
inline constexpr std::array<const char*, 23> mutation_names{
  "none",
  "answer_before_commit",
  "epochs_start_again",
  "no_epoch_check",
  "children_behind_the_end",
  "key_not_counted",
  "slot_not_given_back",
  "lost_pool_unnoticed",
  "lost_start_left_out",
  "stop_forgets_children",
  "event_not_published",
  "reply_before_store",
  "group_not_synced",
  "failed_write_is_good",
  "block_left_out",
  "dead_worker_unnoticed",
  "failure_not_counted",
  "children_not_marked",
  "cancel_answered_early",
  "tick_not_stored",
  "missed_ticks_forgotten",
  "delayed_job_forgotten",
  "failed_child_pending",
};

#ifdef QUAERO_MUTATIONS

// A name of its own: both builds are in one program.
inline namespace planted {

/// The mistake that is made now. Set it before any actor is spawned.
inline mutation planted_mistake = mutation::none;

inline bool mutated(mutation x) {
  return planted_mistake == x;
}

} // namespace planted

#else

constexpr bool mutated(mutation) {
  return false;
}

#endif

} // namespace quaero
