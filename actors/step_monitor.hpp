#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace quaero {

/// The counts of one step's descendants.
struct step_monitor_state {
  static constexpr const char* name = "step-monitor";

  explicit step_monitor_state(step_monitor_actor::pointer ptr) : self{ptr} {}

  step_monitor_actor::pointer self;
  step_watcher_actor watcher;
  job_monitor_actor monitor;
  step_progress progress;
  /// Who may make children yet: the step, and whoever attached himself.
  uint32_t makers = 1;
  bool done = false;

  void on_count(const step_delta& delta);
  void on_sealed();
  actor_status on_status() const;
  bool on_attach();
  void check();
};

/// Finds out when a step's jobs are done: when the step has made all its
/// children (sealed) and none of them, nor of theirs, waits or runs. Children
/// of a job are counted with its end, so the count cannot touch zero between.
/// Tells `watcher` once, `monitor` after every change.
/// @param progress identity of the step and the counts so far (after a
///                 restart: from the database).
/// Bounds: O(1) a message.
step_monitor_actor::behavior_type
step_monitor(step_monitor_actor::stateful_pointer<step_monitor_state> self,
             step_progress progress, step_watcher_actor watcher,
             job_monitor_actor monitor);

} // namespace quaero
