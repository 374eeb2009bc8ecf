#include "actors/commit_messages.hpp"

namespace quaero {

uint32_t commit::facets_index(const job_id& manager, std::string_view type,
                              std::string_view queue,
                              const std::vector<std::string>& tags, bool root) {
  for (size_t i = facets.size(); i > 0; --i) {
    const auto& x = facets[i - 1];
    if (x.manager == manager && x.root == root && x.type == type
        && x.queue == queue && x.tags == tags)
      return static_cast<uint32_t>(i - 1);
    if (facets.size() - i == facets_looked_at_max)
      break;
  }
  facets.push_back(
    {manager, std::string{type}, std::string{queue}, tags, root});
  return static_cast<uint32_t>(facets.size() - 1);
}

uint32_t commit::facets_index(const queue_job& job) {
  return facets_index(job.manager_id, job.type, storage::indexed_queue(job),
                      job.tags, !job.parent_id);
}

} // namespace quaero
