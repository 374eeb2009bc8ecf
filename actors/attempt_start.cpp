#include "actors/attempt_start.hpp"

namespace quaero {

namespace {

job_event start_of(const leased_job& lease, timestamp at) {
  job_event event;
  event.id = lease.job.id;
  event.status = job_status::running;
  event.at = at;
  event.epoch = lease.epoch;
  event.attempt = lease.attempt;
  return event;
}

/// The attempt before this one, which nobody ended.
job_event end_of_interrupted(const leased_job& lease, timestamp at) {
  job_event event;
  event.id = lease.job.id;
  event.status = job_status::pending;
  event.at = at;
  event.epoch = lease.interrupted_epoch;
  event.attempt = lease.attempt - 1;
  event.error = "interrupted: the daemon stopped";
  return event;
}

} // namespace

void add_start(commit& change, const leased_job& lease, timestamp at) {
  if (lease.interrupted_epoch != 0)
    change.add_event(2 * (lease.attempt - 1), end_of_interrupted(lease, at),
                     job_status::running, lease.job);
  change.add_event(2 * lease.attempt - 1, start_of(lease, at),
                   job_status::pending, lease.job);
}

} // namespace quaero
