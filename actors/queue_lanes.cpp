#include "actors/queue_lanes.hpp"

#include <utility>

namespace quaero {

bool lane_set::set_head(std::chrono::nanoseconds aging) {
  if (size == 0 || !queue->open())
    return false;
  bool found = false;
  for (uint8_t i = 0; i < ready.size(); ++i) {
    if (ready[i].empty())
      continue;
    const auto due = due_of(i, ready[i].front().at, aging);
    if (found && due >= head_due)
      continue;
    head_priority = i;
    head_due = due;
    found = true;
  }
  return found;
}

std::vector<std::string> needs_of(const std::vector<std::string>& tags) {
  std::vector<std::string> out;
  for (const auto& x : tags)
    if (x.starts_with(label_tag_prefix))
      out.push_back(x.substr(label_tag_prefix.size()));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void job_tally::add_end(job_status outcome) {
  ++(outcome == job_status::completed ? completed
     : outcome == job_status::failed  ? failed
                                      : cancelled);
}

void job_tally::add_times(const queued_job& x, timestamp begin, timestamp end) {
  if (begin == timestamp{})
    return;
  dispatches.add(begin - x.at);
  runs.add(end - begin);
}

void job_tally::tell() const {
  auto& to = *type->meter;
  metrics::jobs_finished(to, job_status::completed, completed);
  metrics::jobs_finished(to, job_status::failed, failed);
  metrics::jobs_finished(to, job_status::cancelled, cancelled);
  metrics::jobs_retried(to, retried);
  metrics::dispatches(to, dispatches);
  metrics::job_runs(to, runs);
}

} // namespace quaero
