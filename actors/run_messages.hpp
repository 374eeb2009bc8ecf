#pragma once

#include "actors/queue_messages.hpp"
#include "actors/run_marks.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/schedule.hpp"
#include "storage/queue_entries.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What a run and its steps say to each other and to the workers.
namespace quaero {

// -- runs ---------------------------------------------------------------------

struct run_started {
  job_id manager;
  std::string name;
  bool joined = false; ///< It was going on already; see run_request::join.
};

/// Adds to the commit of a run, whose id is known then. Called in an actor: it
/// must not block.
struct run_hook {
  std::function<void(storage::write_batch&, const run_started&)> also;
};

/// Why there is a run.
struct run_cause {
  run_trigger trigger = run_trigger::api;
  timestamp scheduled_for{}; ///< The tick of a schedule, else zero.
  job_id for_run = {}; ///< The run that has it among its pre_jobs or post_jobs.
};

struct run_request {
  std::string definition_id;
  std::vector<std::pair<std::string, std::string>> overrides; ///< config keys.
  run_hook hook;                                              ///< May be empty.
  run_cause cause = {};
  bool beside = false; ///< Also when a run of the definition goes on.
  /// The answer may be a run of the definition that goes on; the hook is not
  /// called then.
  bool join = false;
};

/// Everything a worker may know about the step it serves.
struct step_context {
  job_scope scope;
  step definition;                         ///< Placeholders replaced.
  value job_config = value::make_object(); ///< Of the definition.
  std::string base_url;
  std::string source_type;
  std::string auth_id;
};

/// What a definition worker found out about a step; nothing has changed yet.
struct init_result {
  uint64_t work_items = 0;
  std::string strategy = "parallel"; ///< parallel, inline or sequential.
  std::vector<log_line> lines;       ///< Said while looking; level and text.
  value metadata;                    ///< For the worker's own create.
};

/// What a step has made: jobs to be executed, or the work itself.
struct step_output {
  std::vector<new_job> jobs;
  std::vector<document> documents;
  std::vector<log_line> lines; ///< Level and text; the step adds the rest.
  std::string result;          ///< JSON object or "".
};

/// How a step ended.
struct step_result {
  std::string name;
  job_status status = job_status::completed;
  std::string error;
  child_counts children;
};

/// A step of a run that was going on when the daemon stopped.
struct recovered_step {
  queue_job job;
  job_state state;
  bool spawned = false;    ///< All children were made.
  run_stop stop;           ///< Of the step alone: cancelled, or out of time.
  std::string result;      ///< Of its worker, once the children were made.
  uint32_t attempt = 1;    ///< Of the step itself.
  job_id first_child;      ///< No child of this attempt has a smaller id.
  uint32_t next_event = 1; ///< Number for its next event.
  child_counts children;   ///< Of this attempt.
};

struct recovered_run {
  queue_job manager;
  job_state state;
  run_stop stop;
  uint32_t next_event = 1;
  std::vector<recovered_step> steps;
  std::vector<linked_run> linked;
};

/// What the database says was going on.
struct recovery {
  std::vector<recovered_run> runs;
  storage::queue_entries queue;
  /// Queued jobs of runs whose last attempt nobody ended.
  std::vector<job_id> interrupted;
  /// Those of them that a remote pool had; it may have them still.
  std::vector<job_id> claimable;
  /// Named queues that somebody has set.
  std::vector<std::pair<std::string, queue_settings>> queues;
  std::vector<std::pair<std::string, uint32_t>> type_slots;
  std::vector<std::pair<std::string, uint64_t>> node_limits;
  /// Above every sequence that an entry or a stored head has.
  uint64_t next_sequence = 1;
};
using recovery_ptr = std::shared_ptr<recovery>;

} // namespace quaero
