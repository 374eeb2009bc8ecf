#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>

namespace quaero {

struct job_monitor_config {
  /// > 0; progress is published at most this often, and always at the end.
  std::chrono::milliseconds publish_every{250};
  /// Of the definition; absent: any number of failures.
  std::optional<error_tolerance> tolerance;
};

/// What the actor says to itself.
using job_monitor_impl = job_monitor_actor::extend<
  // Progress may be published again.
  caf::reacts_to<atom::publish>>;

/// The counts of one run, step by step.
struct job_monitor_state {
  static constexpr const char* name = "job-monitor";

  explicit job_monitor_state(job_monitor_impl::pointer ptr) : self{ptr} {}

  job_monitor_impl::pointer self;
  job_monitor_config config;
  manager_job_actor run;
  event_sink_actor hub;
  run_progress progress;
  bool exceeded = false;
  bool quiet = false;   ///< Published less than `publish_every` ago.
  bool changed = false; ///< Since then.

  void on_step(const step_progress& x);
  void on_status(job_status x);
  void on_publish();
  actor_status on_status() const;
  void publish();
};

/// Keeps the progress of a run, publishes it (the last change is never lost to
/// the limit on how often), and tells the run once when more of its jobs have
/// failed than it tolerates.
/// @param progress the run and its steps, in order, as far as known.
/// Bounds: O(steps) a message.
job_monitor_impl::behavior_type
job_monitor(job_monitor_impl::stateful_pointer<job_monitor_state> self,
            job_monitor_config config, run_progress progress,
            manager_job_actor run, event_sink_actor hub);

} // namespace quaero
