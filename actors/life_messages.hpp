#pragma once

#include "actors/run_messages.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/operation.hpp"
#include "definitions/value.hpp"

#include <optional>
#include <string>
#include <vector>

/// What is done to jobs that are there: removed, labelled, made again.
namespace quaero {

/// What was removed below a job.
struct removal {
  uint64_t jobs = 0;   ///< Every level, without the job itself.
  uint64_t leaves = 0; ///< Those of them that were work.
};

/// What shall be said about a job. What is absent stays; "" takes it back.
struct label_change {
  std::optional<std::string> name;
  std::optional<std::string> description;
};

/// A job that is made of another one.
struct job_made {
  job_id id;
  std::string name;
  job_id step; ///< Where it was made; none: it is a root.
};

/// A fresh run of a run that is over, or another job like a job.
struct rerun_request {
  job_id job;
  /// Runs only. "": every step runs. "failed", or the name of a step: those
  /// that completed and do not depend on what runs again are kept.
  std::string from;
  /// Values that replace those of the definition's (or the job's)
  /// configuration; an object.
  value config = value::make_object();
};

/// A step that another run completed, and that this one need not run.
struct kept_step {
  std::string name;
  job_id id; ///< In the run that completed it.
  uint64_t result_count = 0;
  std::string result;
};

/// How a run begins.
struct run_plan {
  job_definition definition;
  job_id rerun_of; ///< None: nothing was before.
  std::vector<kept_step> kept;
  run_hook hook; ///< May be empty.
  run_cause cause;
};

/// A failed job's successor, for the step that the job was of.
struct retry_order {
  job_id of;
  job_label label; ///< What the label of that job says so far.
  job_id step;
  job_id manager;
  new_job job;
  /// Why the failed one is a dead letter; none: it is none.
  failure_reason reason = failure_reason::none;
};

/// One action on every job that matches.
struct operation_request {
  operation_action action = operation_action::cancel;
  std::string query;
};

} // namespace quaero
