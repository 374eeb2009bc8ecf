#include "actors/new_jobs.hpp"

#include <utility>

namespace quaero {

std::vector<queue_job> make_jobs(std::vector<new_job>& jobs,
                                 const job_place& place, id_generator& ids,
                                 timestamp now, storage::write_batch& out) {
  std::vector<queue_job> made;
  made.reserve(jobs.size());
  for (auto& from : jobs) {
    auto& job = made.emplace_back();
    job.id = ids.next();
    job.parent_id = place.parent;
    job.manager_id = place.manager;
    job.step_id = place.step;
    job.type = std::move(from.type);
    job.name = std::move(from.name);
    job.queue = std::move(from.queue);
    job.priority = from.priority;
    job.depth = place.step ? 2 : 0;
    job.created_at = now;
    job.run_at = from.run_at;
    job.retry = from.retry;
    job.config = std::move(from.config);
    job.metadata = std::move(from.metadata);
    job.tags = std::move(from.tags);
    job.unique_key = std::move(from.unique_key);
    job.expires_at = from.expires_at;
    job.limit_key = std::move(from.limit_key);
    job.timeout = from.timeout;
    if (job.unique_key.empty())
      storage::put_job(out, job);
  }
  return made;
}

} // namespace quaero
