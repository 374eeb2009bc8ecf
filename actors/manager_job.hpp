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

/// Why a step is skipped that no dependency keeps back.
inline constexpr const char* run_stopped = "the run was stopped";

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
    bool left_out = false;   ///< By its condition, or behind one that was.
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
  std::vector<linked_run> linked; ///< Made for this run.
  size_t before_next = 0;         ///< Of pre_jobs: those before it are over.
  size_t behind_next = 0;         ///< Of post_jobs: those before it are made.
  linked_run awaited;         ///< What it waits for; none if its run is none.
  bool making_linked = false; ///< A linked run is being made.
  bool link_failed = false;   ///< One of post_jobs could not be started.
  bool exceeded = false;      ///< The error tolerance.
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
  void end_lost_step(size_t i, const std::string& reason);

  // -- the way through --------------------------------------------------------
  void start();
  void resume(recovered_run found);
  std::vector<std::pair<size_t, std::string>> take_steps(recovered_run& found);
  void arm_timeout();
  void spawn_monitor();
  void advance();
  bool decide(size_t i);
  bool start_if_wanted(size_t i);
  void judge(size_t i, const std::string& what);
  /// What the steps that a step depends on leave to it.
  struct outlook {
    bool known = false;    ///< All of them are over.
    std::string culprit;   ///< One that did not complete, or "".
    bool left_out = false; ///< The culprit was left out: nothing has failed.
  };
  outlook outlook_of(const step& x) const;
  void start_step(size_t i);
  void skip_step(size_t i, const std::string& why, bool left_out = false);
  void stop(const std::string& why);
  void decide();
  void cancel_all();
  void stop_step(size_t i);
  void answer_stop(size_t i);
  explanation explain_run() const;

  // -- runs before and behind this one (manager_job_runs.cpp) -----------------
  bool wait_for_pre_jobs();
  bool start_post_jobs();
  void request_linked(bool before, size_t i);
  void on_linked(const linked_run& x, const run_started& started);
  void on_not_linked(bool before, size_t i, const caf::error& e);
  void watch_pre_job(const linked_run& x);
  void on_pre_job_over(const linked_run& x, const job_view& found);
  const linked_run* find_linked(bool before, size_t i) const;

  job_status outcome() const;
  bool has_warning(const child_counts& all) const;
  void finish_if_over();
  void finish();
  void give_up(const caf::error& why);

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
/// A step whose dependency did not complete is skipped unless it always runs,
/// and so is one whose condition does not hold; that alone is no failure, and
/// neither is what it means for the steps behind.
/// Before its first step the run waits for a run of each of its pre_jobs, one
/// after another, and fails if one of them is not completed; a run that goes on
/// serves as well. When its steps are over and the run is to be completed, a
/// run of each of its post_jobs is made. Each is made in one commit with the
/// mark that it was.
/// A step that somebody cancels is to the run like one that failed.
manager_job_impl::behavior_type
manager_job(manager_job_impl::stateful_pointer<manager_job_state> self,
            manager_job_config config, run_actors actors, key_lookup keys,
            std::shared_ptr<id_generator> ids, const wall_clock* clock);

} // namespace quaero
