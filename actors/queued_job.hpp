#pragma once

#include "actors/actors.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

/// What the QUEUE keeps of each job, and how it puts them in order.
namespace quaero {

struct key_gate;
struct lane_set;
struct queued_job;

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

} // namespace quaero
