#include "actors/queued_job.hpp"

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

// -- lanes --------------------------------------------------------------------

ready_lane::group& ready_lane::group_of(const job_id& run) {
  if (!run)
    return alone_;
  if (last_ != nullptr && last_->run == run)
    return *last_;
  last_ = &runs_[run];
  last_->run = run;
  return *last_;
}

/// As the last one before the turn comes round.
void ready_lane::enter_ring(group& x) {
  if (turn_ == nullptr) {
    x.before = x.behind = turn_ = &x;
    return;
  }
  x.behind = turn_;
  x.before = turn_->before;
  x.before->behind = &x;
  turn_->before = &x;
}

void ready_lane::push_back(queued_job& x, const job_id& run) {
  auto& to = group_of(run);
  if (to.jobs.empty())
    enter_ring(to);
  to.jobs.push_back(x);
  ++size_;
}

void ready_lane::push_front(queued_job& x, const job_id& run) {
  auto& to = group_of(run);
  if (to.jobs.empty())
    enter_ring(to);
  to.jobs.push_front(x);
  ++size_;
}

void ready_lane::remove(queued_job& x, const job_id& run) {
  auto& from = group_of(run);
  from.jobs.remove(x);
  --size_;
  if (!from.jobs.empty())
    return;
  if (turn_ == &from)
    turn_ = from.behind == &from ? nullptr : from.behind;
  from.before->behind = from.behind;
  from.behind->before = from.before;
  if (!run)
    return;
  last_ = nullptr;
  runs_.erase(run);
}

} // namespace quaero
