#pragma once

#include "actors/actors.hpp"
#include "actors/metrics.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

/// What the QUEUE keeps of jobs that wait or run, and in which order.
namespace quaero {

struct lane_set;
struct queued_job;
struct type_lanes;

/// Where a job is on its way through the QUEUE.
enum class queue_place : uint8_t {
  arriving, ///< The commit that holds it is under way.
  ready,    ///< In a lane.
  delayed,  ///< Until its time.
  loading,  ///< Taken from its lane, its record is being read.
  leased,   ///< A pool has it.
  reported, ///< It ended; the commit that says so is under way.
  ending,   ///< The same, of a job that was not leased.
};

/// Two pointers by which a job is in a list.
struct job_link {
  queued_job* before = nullptr;
  queued_job* behind = nullptr;
};

/// A job that waits or runs. Its record is either here or in the database only.
struct queued_job {
  job_id id;
  queued_job* next_in_bucket = nullptr; ///< Of the queued_jobs.
  storage::queue_key key;
  std::unique_ptr<loaded_job> record;
  /// Ready: since when; ascends within a lane. Delayed: until when. Leased:
  /// since when.
  timestamp at{};
  job_link lane_link;
  job_link scope_link;
  lane_set* lane = nullptr;
  uint64_t epoch = 0; ///< Of the lease.
  caf::actor_addr pool;
  uint32_t attempt = 1; ///< Of the lease.
  uint32_t scope = 0;
  uint8_t priority = 4;
  queue_place place = queue_place::arriving;
  bool interrupted = false; ///< Its last attempt ended with the daemon.
  bool again = false;       ///< An attempt of it has failed.
  bool stopped = false;     ///< Somebody cancelled it alone.
  bool has_terms = false;   ///< See job_terms.
};

/// What few jobs have.
struct job_terms {
  std::string unique_key;
  timestamp expires_at{}; ///< Zero is never.
  std::vector<std::string> tags;
};

/// Jobs in the order in which they came. Owns none of them.
template <job_link queued_job::*Link>
class job_list {
public:
  bool empty() const { return first_ == nullptr; }
  uint64_t size() const { return size_; }
  queued_job* front() const { return first_; }

  static queued_job* behind(const queued_job& x) { return (x.*Link).behind; }

  void push_back(queued_job& x) {
    x.*Link = {last_, nullptr};
    (last_ == nullptr ? first_ : (last_->*Link).behind) = &x;
    last_ = &x;
    ++size_;
  }

  void remove(queued_job& x) {
    auto& link = x.*Link;
    (link.before == nullptr ? first_ : (link.before->*Link).behind)
      = link.behind;
    (link.behind == nullptr ? last_ : (link.behind->*Link).before)
      = link.before;
    link = {};
    --size_;
  }

private:
  queued_job* first_ = nullptr;
  queued_job* last_ = nullptr;
  uint64_t size_ = 0;
};

using ready_lane = job_list<&queued_job::lane_link>;

/// Finds jobs by id, and owns them. A hash table whose nodes are the jobs.
class queued_jobs {
public:
  queued_jobs() : buckets_(first_buckets) {}
  ~queued_jobs();

  queued_jobs(const queued_jobs&) = delete;
  queued_jobs& operator=(const queued_jobs&) = delete;

  /// REQUIRES: it is not there. Its address stays.
  queued_job& add(const job_id& id);
  queued_job* find(const job_id& id) const;
  void remove(queued_job& x);
  size_t size() const { return size_; }

  template <class F>
  void for_each(F f) {
    for (auto* x : buckets_)
      for (; x != nullptr; x = x->next_in_bucket)
        f(*x);
  }

private:
  static constexpr size_t first_buckets = 1024; ///< A power of 2.

  queued_job*& bucket_of(const job_id& id, std::vector<queued_job*>& in) const {
    return in[std::hash<job_id>{}(id) & (in.size() - 1)];
  }
  void grow();

  std::vector<queued_job*> buckets_;
  size_t size_ = 0;
};

/// Everything about one named queue: its limits hold for all worker types.
struct named_queue {
  std::string name;
  queue_settings settings;
  bool stored = false; ///< The settings are in the database.
  uint64_t live = 0;   ///< Jobs that wait or run, commits under way included.
  uint64_t ready = 0;
  uint64_t delayed = 0;
  uint64_t running = 0;
  std::vector<lane_set*> lanes; ///< One for each worker type that has jobs.

  /// Whether another job of it may start.
  bool open() const {
    return !settings.paused
           && (!settings.running_max || running < *settings.running_max);
  }
  bool full() const {
    return settings.length_max && live >= *settings.length_max;
  }
};

/// Ready jobs of one worker type in one queue, by priority.
struct lane_set {
  type_lanes* type = nullptr;
  named_queue* queue = nullptr;
  metrics::lane* meter = nullptr;
  std::array<ready_lane, storage::delayed_lane> ready;
  uint64_t size = 0;
  bool open = false; ///< Is in its type's `open`, by what follows.
  uint8_t head_priority = 0;
  timestamp head_at{};

  /// Takes the first job's place in the order; false if none may start.
  bool set_head();
};

/// Which of two lane sets has the job that comes first.
struct head_order {
  bool operator()(const lane_set* a, const lane_set* b) const {
    return std::tie(a->head_priority, a->head_at, a)
           < std::tie(b->head_priority, b->head_at, b);
  }
};

/// Slots that a pool offers.
struct offered_slots {
  worker_pool_actor handle;
  uint32_t slots = 0;
  uint32_t free = 0;
};

/// Everything about one worker type.
struct type_lanes {
  std::string name;
  metrics::type* meter = nullptr;
  std::map<std::string, lane_set, std::less<>> sets; ///< By queue.
  std::set<lane_set*, head_order> open; ///< Those that a job may come from.
  std::vector<offered_slots> pools;
  size_t next_pool = 0; ///< Whose turn it is.
};

/// What became of jobs of one worker type in one commit, to be counted.
struct job_tally {
  const type_lanes* type = nullptr;
  uint64_t completed = 0;
  uint64_t failed = 0;
  uint64_t cancelled = 0;
  uint64_t retried = 0;
  job_times dispatches;
  job_times runs;

  void add_end(job_status outcome);
  /// The times of an attempt that ended at `end`, if it is known when it began.
  void add_times(const queued_job& x, timestamp begin, timestamp end);
  void tell() const;
};

/// Calls `f` with a lane and how many of `xs` are of it. Neighbours of one
/// lane, as nearly all are, make one call.
template <class F>
void for_each_lane(const std::vector<queued_job*>& xs, F f) {
  for (auto i = xs.begin(); i != xs.end();) {
    auto& lane = *(*i)->lane;
    auto next = i + 1;
    while (next != xs.end() && (*next)->lane == &lane)
      ++next;
    f(lane, static_cast<uint64_t>(next - i));
    i = next;
  }
}

/// By time; jobs of one time by sequence.
using job_timers = std::set<std::tuple<timestamp, uint64_t, queued_job*>>;

} // namespace quaero
