#pragma once

#include "definitions/job_state.hpp"
#include "definitions/value.hpp"

#include <cstdint>
#include <string>

namespace quaero {

/// Why a job is where it is. The list is closed: there is no "unknown".
enum class job_reason : uint8_t {
  running,              ///< A worker has it, or its run goes on.
  finished,             ///< It is terminal.
  expired,              ///< It was not started in time.
  being_stored,         ///< The commit that holds it is under way.
  being_assigned,       ///< It is next; its record is being read or sent.
  queue_paused,         ///< Somebody paused its queue.
  queue_limit,          ///< Its queue runs as many jobs as it may.
  no_worker,            ///< Nobody offers to run jobs of its type.
  no_free_slot,         ///< It is the first; all slots of its type are taken.
  behind_others,        ///< Others go first.
  delayed_until,        ///< Somebody wanted it to start later.
  retry_at,             ///< An attempt has failed; the next is due then.
  waiting_for_steps,    ///< A run: of steps that are not over.
  waiting_for_children, ///< A step: of jobs that are not over.
  cancelling,           ///< It is being stopped.
  daemon_starting,      ///< What was going on is not back yet.
  daemon_draining,      ///< The daemon stops and starts nothing more.
  unreadable,           ///< A run whose definition cannot be read any more.
  held,                 ///< A copy: it waits for somebody to rerun it.
  key_limit,            ///< As many jobs with its limit_key run as may.
  rate_limit,           ///< Its queue started as many jobs lately as it may.
  snoozed_until,        ///< Its worker wants it to run later.
  quarantined,          ///< It took its worker down too often.
  suspected,            ///< It may have taken its worker down; it runs alone.
  waiting_for_run,      ///< A run: of the end of one of its pre_jobs.
  node_limit, ///< Nodes with a free slot run as many jobs as they may.
};

inline constexpr size_t job_reason_count = 26;

std::string to_string(job_reason x);

/// How the error of a job begins that took its worker down too often.
inline constexpr const char* quarantined_error = "quarantined: ";

/// The error of a job that was not started in time.
inline constexpr const char* expired_error = "expired";

/// The answer to "why does this job not run?".
struct explanation {
  job_reason reason = job_reason::running;
  std::string detail;                  ///< A sentence for people.
  value values = value::make_object(); ///< What it names, for programs.
  job_status status = job_status::pending;
};

} // namespace quaero
