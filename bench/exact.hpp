#pragma once

#include "definitions/job_state.hpp"
#include "definitions/queue_job.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Whether exactly the right things are in a database. Each says what is wrong,
/// or "". Reads all that it is asked about.
namespace quaero::bench {

/// `jobs` jobs, all of them in the queue and in no other state than pending.
std::string check_waiting(const storage::store& db, uint64_t jobs);

/// Nothing waits or runs, and that many jobs are completed; no other is there.
std::string check_totals(const storage::store& db, uint64_t completed);

/// What the events of one job must be like.
using event_check
  = std::function<bool(const job_id& id, const std::vector<job_event>& events)>;

/// Ended at its first attempt, and has one event.
bool ended_at_once(const job_id& id, const std::vector<job_event>& events);

/// The newest `jobs` jobs without parent are all there, completed, and so are
/// their events as `events` wants them.
std::string check_roots(const storage::store& db, uint64_t jobs,
                        const event_check& events = ended_at_once);

/// Nothing waits or runs; all jobs, of any depth, are `jobs` and completed.
std::string check_trees(const storage::store& db, uint64_t jobs);

} // namespace quaero::bench
