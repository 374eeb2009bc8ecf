#pragma once

#include "actors/messages.hpp"

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// Part of actors.hpp: who does something to jobs that are there.
namespace quaero {

/// What every long-lived actor answers.
using status_actor = caf::typed_actor<
  // How it is, with numbers of its own.
  caf::replies_to<atom::status>::with<actor_status>>;

/// The JOB KEEPER: what is done to jobs that do not run. Errors for all:
/// ec::not_found, ec::wrong_state, ec::conflict (the job is being removed).
using job_keeper_actor = status_actor::extend<
  // Removes a job that is over, and all below it.
  caf::replies_to<atom::remove, job_id>::with<removal>,
  // Changes what is said about a job; ec::invalid_argument (too long).
  caf::reacts_to<atom::put, job_id, label_change>,
  // Makes a record like it, which waits until it is rerun or removed.
  caf::replies_to<atom::copy, job_id>::with<job_made>,
  // Tries a failed or cancelled job again, as a new job; ec::conflict if that
  // has been done.
  caf::replies_to<atom::retry, job_id>::with<job_made>,
  // A fresh run of a run that is over, or a new job like it.
  caf::replies_to<atom::rerun, rerun_request>::with<job_made>>;

/// OPERATIONS: one action on every job that matches a query.
using operations_actor = status_actor::extend<
  // Begins; replies when that is stored. ec::invalid_argument (the query),
  // ec::limit_reached (too many go on).
  caf::replies_to<atom::start, operation_request>::with<operation>,
  // How it is now; ec::not_found.
  caf::replies_to<atom::get, job_id>::with<operation>,
  // The newest first.
  caf::replies_to<atom::list>::with<std::vector<operation>>,
  // Stops it; replies when it does nothing any more. ec::not_found,
  // ec::wrong_state if it is over.
  caf::replies_to<atom::cancel, job_id>::with<operation>,
  // Goes on with what was going on when the daemon stopped.
  caf::reacts_to<atom::recover>>;

} // namespace quaero
