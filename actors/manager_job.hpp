#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "actors/step_job.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quaero {

struct manager_job_config {
  queue_job record;
  job_definition definition;
  /// Set when the run was going on before a restart.
  std::optional<recovered_run> recovered;
};

/// The job of step `i` of a run, made at `now`.
queue_job make_step_record(const queue_job& run,
                           const job_definition& definition, size_t i,
                           const job_id& id, timestamp now);

/// What the actor says to itself.
using manager_job_impl = manager_job_actor::extend<
  // The definition's time is over.
  caf::reacts_to<atom::timeout>>;

/// The step graph of one run.
struct manager_job_state {
  static constexpr const char* name = "manager-job";

  explicit manager_job_state(manager_job_impl::pointer ptr) : self{ptr} {}
  ~manager_job_state(); ///< Its steps and its monitor end with it.

  struct step_node {
    job_status status = job_status::pending;
    job_id id; ///< None until started or skipped.
    step_job_actor actor;
    child_counts children;
    std::optional<recovered_step> recovered;
    /// Who waits for the step to be stopped alone.
    std::vector<ack_promise> stop_waiting;
    bool stopped = false;    ///< Somebody wanted that.
    bool queue_idle = false; ///< After that: the QUEUE has nothing of it.
  };

  manager_job_impl::pointer self;
  manager_job_config config;
  run_actors actors;
  key_lookup keys;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  job_monitor_actor monitor;
  std::vector<step_node> nodes; ///< As the definition's steps.
  std::unordered_map<caf::actor_addr, size_t> running;
  uint32_t next_event = 1;
  timestamp started_at{};
  bool stopping = false;      ///< No further step starts.
  bool failed = false;        ///< The run's outcome is decided.
  bool cancelling = false;    ///< Somebody asked for it.
  bool cancelled_all = false; ///< Nothing of the run may go on.
  bool queue_idle = false;    ///< After that: nothing of it does.
  bool ending = false;        ///< The terminal commit is under way.
  std::string error;          ///< The first one.
  std::vector<ack_promise> cancel_waiting;

  // -- messages ---------------------------------------------------------------
  void on_done(const step_result& result);
  void on_exceeded(uint64_t failures);
  ack_promise on_cancel();
  ack_promise on_stop_step(const job_id& id);
  caf::result<explanation> on_explain(const job_id& id);
  caf::result<job_id> on_retry(retry_order& x);
  caf::result<run_progress> on_progress();
  caf::typed_response_promise<actor_status> on_status();
  void on_timeout();
  void on_down(const caf::down_msg& down);

  // -- the way through --------------------------------------------------------
  void start();
  void resume(recovered_run found);
  std::vector<std::pair<size_t, std::string>> take_steps(recovered_run& found);
  void arm_timeout();
  void spawn_monitor();
  void advance();
  bool decide(size_t i);
  void judge(size_t i, const std::string& what);
  bool ready(const step& x, std::string& failed_dependency) const;
  void start_step(size_t i);
  void skip_step(size_t i, const std::string& why);
  void stop(const std::string& why);
  void decide();
  void cancel_all();
  void stop_step(size_t i);
  void answer_stop(size_t i);
  explanation explain_run() const;
  void finish_if_over();
  void finish();

  // -- tools ------------------------------------------------------------------
  const step& step_at(size_t i) const { return config.definition.steps[i]; }
  size_t index_of(const std::string& name) const;
  job_scope scope_of(const job_id& step_id, const std::string& name) const;
  step_job_config step_config(size_t i);
  void add_line(commit& to, log_level level, std::string message);
  void log(log_level level, std::string message);
};

/// Runs a definition: starts each step when the steps that it depends on are
/// done, independent ones at the same time, in the order of the file; decides
/// by on_error, error tolerance and timeout when to stop; ends when every step
/// is terminal. The run has failed if a step with on_error "fail" or "fatal"
/// did, if the tolerance said stop, or at its timeout; it is completed, with
/// counts of what failed, otherwise.
/// A step whose dependency did not complete is skipped unless it always runs.
/// A step that somebody cancels is to the run like one that failed.
manager_job_impl::behavior_type
manager_job(manager_job_impl::stateful_pointer<manager_job_state> self,
            manager_job_config config, run_actors actors, key_lookup keys,
            std::shared_ptr<id_generator> ids, const wall_clock* clock);

} // namespace quaero
