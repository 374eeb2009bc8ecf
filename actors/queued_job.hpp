#pragma once

#include "actors/actors.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
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

/// What the QUEUE has of a job whose record is in memory, or that runs.
struct job_body {
  std::unique_ptr<loaded_job> record; ///< Until a pool gets it.
  // Of the lease, if there is one.
  uint64_t epoch = 0;
  uint32_t attempt = 1;
  caf::actor_addr pool;
};

/// Two pointers by which a job is in a list.
struct job_link {
  queued_job* before = nullptr;
  queued_job* behind = nullptr;
};

/// A job that waits or runs. There may be millions of them, so what only some
/// have is elsewhere: see job_body and job_terms.
struct queued_job {
  job_id id;
  std::unique_ptr<job_body> body; ///< Null: it waits, its record is on disk.
  /// Ready: since when; ascends within a lane. Delayed: until when. Leased:
  /// since when.
  timestamp at{};
  job_link lane_link;
  job_link scope_link;
  lane_set* lane = nullptr;
  uint64_t sequence : 56 = 0; ///< Of its entry on disk.
  uint64_t disk_lane : 8 = 0; ///< The same.
  uint32_t scope = 0; ///< Of one that is no more: the next such, see the store.
  uint8_t priority = 4;
  queue_place place = queue_place::arriving;
  bool interrupted : 1 = false; ///< Its last attempt ended with the daemon.
  bool again : 1 = false;       ///< An attempt of it has failed.
  bool stopped : 1 = false;     ///< Somebody cancelled it alone.
  bool has_terms : 1 = false;   ///< See job_terms.
  bool alone : 1 = false;       ///< Runs, and is counted as a suspect.
  bool snoozed : 1 = false;     ///< Delayed because its worker wants it so.

  storage::queue_key key() const {
    return {static_cast<uint8_t>(disk_lane), sequence};
  }
  void set_key(const storage::queue_key& x) {
    sequence = x.sequence;
    disk_lane = x.lane;
  }
  bool has_record() const { return body && body->record; }
  job_body& need_body() {
    if (!body)
      body = std::make_unique<job_body>();
    return *body;
  }
};

/// What few jobs have.
struct job_terms {
  std::string unique_key;
  timestamp expires_at{}; ///< Zero is never.
  std::vector<std::string> tags;
  std::string limit_key;    ///< "" is none.
  uint32_t deaths = 0;      ///< Workers that ended while they had the job.
  uint32_t uncounted = 0;   ///< Attempts that the retry policy does not count.
  key_gate* gate = nullptr; ///< Ready, but held there and in no lane.

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

/// Finds jobs by id, and owns them. They lie in blocks that are never moved; a
/// hash table with open addressing has their numbers.
/// Bounds: O(1) each; sizeof(queued_job) and 5 to 11 bytes a job, of the most
/// that there were since it was empty.
class queued_jobs {
public:
  queued_jobs();
  ~queued_jobs();

  queued_jobs(const queued_jobs&) = delete;
  queued_jobs& operator=(const queued_jobs&) = delete;

  /// Makes room for `n` more.
  void reserve(size_t n);

  /// REQUIRES: it is not there. Its address stays.
  queued_job& add(const job_id& id);
  queued_job* find(const job_id& id) const;
  void remove(queued_job& x);
  size_t size() const { return size_; }

  template <class F>
  void for_each(F f) {
    for (auto number : table_)
      if (number != none)
        f(at(number));
  }

private:
  static constexpr uint32_t none = UINT32_MAX;
  static constexpr size_t block_jobs = 4096;
  static constexpr unsigned first_bits = 10; ///< Of the table's size.
  static constexpr unsigned kept_bits = 16;  ///< The same, when it is empty.

  struct block;

  queued_job& at(uint32_t number) const;
  /// Where the search for an id begins.
  size_t home_of(const job_id& id) const {
    return std::hash<job_id>{}(id) >> (64 - bits_);
  }
  size_t behind(size_t slot) const { return (slot + 1) & (table_.size() - 1); }
  size_t slot_of(const job_id& id) const;
  void set_bits(unsigned bits);
  uint32_t take_number();

  std::vector<std::unique_ptr<block>> blocks_;
  uint32_t used_ = 0;    ///< Numbers that were ever given.
  uint32_t free_ = none; ///< The first that may be given again.
  std::vector<uint32_t> table_;
  unsigned bits_ = 0;
  size_t size_ = 0;
};

} // namespace quaero
