#include "actors/queue_lanes.hpp"

#include <utility>

namespace quaero {

queued_jobs::~queued_jobs() {
  for (auto* x : buckets_)
    while (x != nullptr)
      delete std::exchange(x, x->next_in_bucket);
}

queued_job& queued_jobs::add(const job_id& id) {
  if (size_ == buckets_.size())
    grow();
  auto* x = new queued_job;
  x->id = id;
  auto& first = bucket_of(id, buckets_);
  x->next_in_bucket = first;
  first = x;
  ++size_;
  return *x;
}

queued_job* queued_jobs::find(const job_id& id) const {
  auto* x = buckets_[std::hash<job_id>{}(id) & (buckets_.size() - 1)];
  while (x != nullptr && x->id != id)
    x = x->next_in_bucket;
  return x;
}

void queued_jobs::remove(queued_job& x) {
  auto** at = &bucket_of(x.id, buckets_);
  while (*at != &x)
    at = &(*at)->next_in_bucket;
  *at = x.next_in_bucket;
  --size_;
  delete &x;
}

void queued_jobs::grow() {
  std::vector<queued_job*> larger(buckets_.size() * 2);
  for (auto* x : buckets_) {
    while (x != nullptr) {
      auto* next = x->next_in_bucket;
      auto& first = bucket_of(x->id, larger);
      x->next_in_bucket = first;
      first = x;
      x = next;
    }
  }
  buckets_ = std::move(larger);
}

bool lane_set::set_head() {
  if (size == 0 || !queue->open())
    return false;
  for (size_t i = 0; i < ready.size(); ++i) {
    if (ready[i].empty())
      continue;
    head_priority = static_cast<uint8_t>(i);
    head_at = ready[i].front()->at;
    return true;
  }
  return false;
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
