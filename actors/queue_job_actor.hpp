#pragma once

#include "actors/actors.hpp"
#include "actors/job_context.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>

namespace quaero {

struct attempt_config {
  /// > 0; how long lines gather before they are committed.
  std::chrono::milliseconds line_delay{100};
  job_context_limits limits;
  /// For secrets in a job's configuration; null: there are none.
  std::shared_ptr<const key_lookup> keys;
};

/// What the actor says to itself.
using queue_job_impl = queue_job_actor::extend<
  // Commit the lines that have gathered.
  caf::reacts_to<atom::log>,
  // The attempt has had its time.
  caf::reacts_to<atom::timeout>>;

/// The life of one attempt.
struct queue_job_state {
  static constexpr const char* name = "queue-job";

  explicit queue_job_state(queue_job_impl::pointer ptr) : self{ptr} {}

  queue_job_impl::pointer self;
  attempt_config config;
  job_context_ptr context;
  job_worker_actor worker;
  work_giver_actor queue;
  commit_taker_actor collector;
  timestamp started_at{};
  bool ended = false;
  bool timed_out = false;

  void on_start();
  void on_cancel();
  void on_flush();
  void on_log();
  void on_timeout();
  void on_outcome(job_outcome outcome);
  bool runs_again(job_report& report) const;
  void log_next(job_report& report, std::string what) const;
  void on_worker_end(const std::string& why, bool suspect);
};

/// Runs one attempt. Its pool stores that it starts, for all of a block at
/// once, and tells it then; it hands the job to the worker, commits what the
/// worker says while it runs, reports the outcome to the QUEUE, quits. An
/// attempt that a worker fails or answers with an error is repeated as the
/// job's retry policy says; one whose worker dies, or that the worker wants to
/// do later, is repeated without being counted. After `timeout` of the job the
/// worker is asked to stop, and the attempt has failed when it does: until then
/// the job runs, and no other attempt may.
/// Bounds: the limits of job_context.
queue_job_impl::behavior_type
queue_job_attempt(queue_job_impl::stateful_pointer<queue_job_state> self,
                  attempt_config config, leased_job lease, timestamp started_at,
                  job_worker_actor worker, work_giver_actor queue,
                  commit_taker_actor collector, const wall_clock* clock);

} // namespace quaero
