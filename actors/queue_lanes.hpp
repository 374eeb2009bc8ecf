#pragma once

#include "actors/actors.hpp"
#include "actors/metrics.hpp"

#include <caf/actor_clock.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

/// What the QUEUE keeps of jobs that wait or run, and in which order.
namespace quaero {

struct key_gate;
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
  key_gate* gate = nullptr; ///< Ready, but held there and in no lane.
  bool alone = false;       ///< Runs, and is counted as a suspect.
  bool snoozed = false;     ///< Delayed because its worker wants it so.
};

/// What few jobs have.
struct job_terms {
  std::string unique_key;
  timestamp expires_at{}; ///< Zero is never.
  std::vector<std::string> tags;
  std::string limit_key;  ///< "" is none.
  uint32_t deaths = 0;    ///< Workers that ended while they had the job.
  uint32_t uncounted = 0; ///< Attempts that the retry policy does not count.

  bool empty() const {
    return unique_key.empty() && expires_at == timestamp{} && tags.empty()
           && limit_key.empty() && deaths == 0 && uncounted == 0;
  }
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

  void push_front(queued_job& x) {
    x.*Link = {nullptr, first_};
    (first_ == nullptr ? last_ : (first_->*Link).before) = &x;
    first_ = &x;
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

using lane_jobs = job_list<&queued_job::lane_link>;

/// Ready jobs of one priority. Runs take turns, so that one with many jobs does
/// not keep the others waiting; within a run, and among the jobs outside of
/// runs, the order is that of arrival.
/// Bounds: O(1) a job.
class ready_lane {
public:
  /// What one run has here.
  struct group {
    job_id run; ///< None: the jobs outside of runs.
    lane_jobs jobs;
    group* before = nullptr; ///< In the ring of those that have jobs.
    group* behind = nullptr;
  };

  ready_lane() = default;
  ready_lane(const ready_lane&) = delete;
  ready_lane& operator=(const ready_lane&) = delete;

  bool empty() const { return turn_ == nullptr; }
  uint64_t size() const { return size_; }

  /// The first job of the run whose turn it is. REQUIRES: !empty().
  queued_job& front() const { return *turn_->jobs.front(); }

  void push_back(queued_job& x, const job_id& run);
  void push_front(queued_job& x, const job_id& run); ///< Before its run's jobs.
  void remove(queued_job& x, const job_id& run);

  /// Gives the turn to the next run.
  void next_turn() {
    if (turn_ != nullptr)
      turn_ = turn_->behind;
  }

  /// Calls `f` for each run that has jobs here.
  template <class F>
  void for_each(F f) const {
    const auto* x = turn_;
    if (x == nullptr)
      return;
    do {
      f(*x);
      x = x->behind;
    } while (x != turn_);
  }

private:
  group& group_of(const job_id& run);
  void enter_ring(group& x);

  group alone_; ///< Outside of runs.
  std::unordered_map<job_id, group> runs_;
  group* last_ = nullptr; ///< Found last: neighbours are of one run.
  group* turn_ = nullptr;
  uint64_t size_ = 0;
};

/// Jobs that share a limit: a limit_key in a queue, or being suspected.
struct key_gate {
  uint64_t running = 0;
  uint64_t waiting = 0;
  /// Those that were to start and could not, by priority.
  std::array<lane_jobs, storage::delayed_lane> held;
};

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
  std::unordered_map<std::string, key_gate> gates; ///< By limit_key.
  /// In the last `rate_period`, if that is limited.
  std::deque<caf::actor_clock::time_point> starts;
  caf::actor_clock::time_point rate_until; ///< While `rate_closed`.
  bool rate_closed = false; ///< It has started as many jobs as it may.

  /// Whether another job of it may start.
  bool open() const {
    return !settings.paused && !rate_closed
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
  timestamp head_due{};

  /// Takes the first job's place in the order; false if none may start.
  bool set_head(std::chrono::nanoseconds aging);
};

/// Jobs are handed out by this moment, the earliest first: a job of a lower
/// priority waits at most `aging` longer for each level than one that comes
/// with it, so that none waits for ever.
inline timestamp due_of(uint8_t priority, timestamp at,
                        std::chrono::nanoseconds aging) {
  return at + priority * aging;
}

/// Which of two lane sets has the job that comes first.
struct head_order {
  bool operator()(const lane_set* a, const lane_set* b) const {
    return std::tie(a->head_due, a) < std::tie(b->head_due, b);
  }
};

/// Slots that a pool offers.
struct offered_slots {
  worker_pool_actor handle;
  uint32_t own_slots = 0; ///< The worker's.
  uint32_t slots = 0;     ///< That count.
  uint32_t busy = 0;      ///< More than `slots` after these became fewer.

  uint32_t free() const { return slots > busy ? slots - busy : 0; }
};

/// Everything about one worker type.
struct type_lanes {
  std::string name;
  metrics::type* meter = nullptr;
  std::map<std::string, lane_set, std::less<>> sets; ///< By queue.
  std::set<lane_set*, head_order> open; ///< Those that a job may come from.
  std::vector<offered_slots> pools;
  std::optional<uint32_t> slots; ///< Of each pool, if somebody has said so.
  /// Jobs that may have taken a worker down run one at a time: of those that
  /// were with it nobody knows which did.
  key_gate suspects;
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
