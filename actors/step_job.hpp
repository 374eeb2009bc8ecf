#pragma once

#include "actors/actors.hpp"
#include "actors/owed_answer.hpp"
#include "definitions/substitution.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <optional>
#include <string>

namespace quaero {

/// The actors that a run works with.
struct run_actors {
  job_manager_actor jobs;
  step_manager_actor steps;
  queue_actor queue;
  log_collector_actor collector;
  document_store_actor documents;
  event_sink_actor hub;
};

struct step_job_config {
  step_context context;            ///< Placeholders not replaced yet.
  queue_job record;                ///< Of the step job itself.
  size_t index = 0;                ///< From 0, in the definition.
  size_t count = 1;                ///< Steps of the definition.
  retry_policy retry;              ///< For on_error = "retry".
  size_t children_max = 1'000'000; ///< > 0; jobs that a step may make at once.
  /// Set when the step was going on before a restart.
  std::optional<recovered_step> recovered;
};

/// What the actor says to itself.
using step_job_impl = step_job_actor::extend<
  // Try the step again.
  caf::reacts_to<atom::retry>,
  // The step's time is over.
  caf::reacts_to<atom::timeout>>;

/// The life of one step.
struct step_job_state {
  static constexpr const char* name = "step-job";

  explicit step_job_state(step_job_impl::pointer ptr) : self{ptr} {}
  ~step_job_state(); ///< Its monitor ends with it.

  step_job_impl::pointer self;
  step_job_config config;
  run_actors actors;
  manager_job_actor run;
  job_monitor_actor monitor;
  key_lookup keys;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  step_monitor_actor children;
  step_context context; ///< Placeholders replaced.
  secrets given;        ///< Those among them; nothing stored has one.
  uint32_t next_event = 1;
  uint32_t attempt = 1;
  timestamp started_at{};
  bool stopping = false; ///< No further attempt; nothing new is begun.
  /// How it ends then, and why.
  job_status stop_status = job_status::cancelled;
  std::string stop_why = "cancelled with its run";
  timestamp retry_at{};
  bool waiting_for_retry = false;
  bool ended = false;
  std::string result; ///< Of the worker, for the terminal event.

  // -- messages ---------------------------------------------------------------
  void on_done(const child_counts& counts);
  void on_cancel();
  void on_stop();
  caf::typed_response_promise<explanation> on_explain();
  void on_retry();
  void on_timeout();
  caf::typed_response_promise<actor_status> on_status();
  caf::typed_response_promise<job_id> on_retry_order(retry_order& x);

  // -- the way through --------------------------------------------------------
  void start();
  void resume(const recovered_step& found);
  void arm_timeout();
  void decide_stop(job_status status, std::string why);
  void stop_children();
  void watch_children(const child_counts& counts);
  void init();
  void on_init(init_result found);
  void on_create(step_output made);
  void submit(std::vector<new_job> jobs);
  void submit_retry(owed_answer<job_id> reply,
                    const std::shared_ptr<retry_order>& x);
  void save(std::vector<document> documents);
  void on_failure(std::string why, const child_counts& counts = {});
  void finish(job_status status, std::string error, child_counts counts,
              prepared_ptr saved = nullptr);

  // -- tools ------------------------------------------------------------------
  commit_ptr change();
  void add_line(commit& to, log_level level, std::string message);
  void add_lines(commit& to, std::vector<log_line> lines);
  void add_event(commit& to, job_status status, job_status from,
                 std::string error, std::string mark = {});
  void log(log_level level, std::string message);
  void tell_monitor(job_status status, const std::string& error,
                    const child_counts& counts);
};

/// Runs one step: stores its job, has the worker look and make jobs, waits for
/// the STEP MONITOR, stores how it ended, tells the run, quits.
/// A step has failed when its worker refused or failed, or when all of its jobs
/// did; it is completed, with a warning, when only some did.
/// All jobs that a step makes are one commit: a restart finds all or none.
/// step_timeout holds for all attempts together, from the first start on; a
/// step that is out of time has failed and is not tried again.
step_job_impl::behavior_type
step_job(step_job_impl::stateful_pointer<step_job_state> self,
         step_job_config config, run_actors actors, manager_job_actor run,
         job_monitor_actor monitor, key_lookup keys,
         std::shared_ptr<id_generator> ids, const wall_clock* clock);

} // namespace quaero
