#include "actors/attempt_start.hpp"

#include "storage/start_tables.hpp"

#include <utility>

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

/// As commit::add_event(), with a name behind the event.
void add_start_on(commit& change, const leased_job& lease, timestamp at,
                  std::string_view node) {
  const auto& job = lease.job;
  auto event = start_of(lease, at);
  storage::put_start(change.ops, start_number(lease.attempt), event, node);
  change.events.push_back(std::move(event));
  change.places.push_back(
    {job_status::pending, job.manager_id, job.step_id, job.type});
  change.event_facets.push_back(change.facets_index(job));
}

} // namespace

job_event end_of_interrupted(const job_id& job, uint64_t epoch, uint32_t x,
                             timestamp at) {
  job_event event;
  event.id = job;
  event.status = job_status::pending;
  event.at = at;
  event.epoch = epoch;
  event.attempt = x;
  event.error = "interrupted: the daemon stopped";
  return event;
}

void add_start(commit& change, const leased_job& lease, timestamp at,
               std::string_view node) {
  if (lease.interrupted_epoch != 0) {
    const auto x = lease.attempt - 1; // which nobody ended
    change.add_event(
      end_number(x),
      end_of_interrupted(lease.job.id, lease.interrupted_epoch, x, at),
      job_status::running, lease.job);
  }
  if (!node.empty())
    return add_start_on(change, lease, at, node);
  change.add_event(start_number(lease.attempt), start_of(lease, at),
                   job_status::pending, lease.job);
}

} // namespace quaero
