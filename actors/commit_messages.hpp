#pragma once

#include "definitions/job_state.hpp"
#include "definitions/log_entry.hpp"
#include "definitions/queue_job.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What is committed and what is published.
namespace quaero {

// -- context ------------------------------------------------------------------

/// Whose work something is. Travels with every message that can log.
struct job_scope {
  job_id manager;
  job_id step;
  std::string manager_name;
  std::string definition_id;
  std::string step_name;
  std::vector<std::string> tags; ///< Of the definition.
};

// -- what is committed --------------------------------------------------------

/// A change that somebody wants stored: all of it or nothing.
/// The LOG COLLECTOR numbers the lines and keeps the totals; events must
/// already be encoded in `ops`, here they are what the world is told of.
struct commit {
  storage::write_batch ops;
  std::vector<log_line> lines;
  std::vector<job_event> events;
  std::vector<job_status> left; ///< The state that events[i] moved from.
  uint64_t created = 0;         ///< New jobs, pending.
  uint64_t roots = 0;           ///< Those of them without a parent.
  int64_t documents = 0;        ///< New ones minus removed ones.
  durability level = durability::group;

  /// Encodes `event` as number `n` of its job and remembers to publish it.
  void add_event(uint32_t n, job_event event, job_status from) {
    storage::put_event(ops, n, event);
    events.push_back(std::move(event));
    left.push_back(from);
  }
};
using commit_ptr = std::shared_ptr<commit>;

// -- what is published --------------------------------------------------------

/// Progress of one step, as the JOB MONITOR sees it.
struct step_progress {
  job_id id; ///< None while the step has not started.
  std::string name;
  std::string type;
  job_status status = job_status::pending;
  child_counts children;
  std::string error;
};

struct run_progress {
  job_id manager;
  job_status status = job_status::pending;
  std::vector<step_progress> steps; ///< In the order of the definition.
  child_counts children;            ///< Over all steps.
};

/// What was committed together and what it means, in the order of the commits.
struct event_block {
  std::vector<job_event> events;
  std::vector<log_entry> lines;
  std::vector<run_progress> progress;
};
using event_block_ptr = std::shared_ptr<const event_block>;

} // namespace quaero
