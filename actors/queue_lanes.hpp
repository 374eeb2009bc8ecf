#pragma once

#include "actors/actors.hpp"
#include "actors/metrics.hpp"
#include "actors/queued_job.hpp"

#include <caf/actor_clock.hpp>

#include <algorithm>
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

/// Queues, worker types and their limits, as the QUEUE sees them.
namespace quaero {

struct lane_set;
struct type_lanes;

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

/// Labels that a job's tags say it needs, sorted.
std::vector<std::string> needs_of(const std::vector<std::string>& tags);

/// Ready jobs of one worker type in one queue that need the same labels, by
/// priority.
struct lane_set {
  type_lanes* type = nullptr;
  named_queue* queue = nullptr;
  metrics::lane* meter = nullptr;
  std::vector<std::string> needs; ///< Labels; sorted.
  uint64_t live = 0;              ///< Jobs of it that wait or run.
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

/// A machine with pools.
struct node_place {
  std::string name;
  uint64_t running = 0; ///< Jobs, of all types.
  std::optional<uint64_t> running_max;

  uint64_t room() const {
    if (!running_max)
      return UINT64_MAX;
    return *running_max > running ? *running_max - running : 0;
  }
};

/// Slots that a pool offers.
struct offered_slots {
  worker_pool_actor handle;
  node_place* node = nullptr;
  uint32_t own_slots = 0;    ///< The worker's.
  uint32_t slots = 0;        ///< That count.
  uint32_t busy = 0;         ///< More than `slots` after these became fewer.
  bool stores_starts = true; ///< See pool_offer.
  bool remote = false;       ///< The same.
  std::vector<std::string> labels; ///< The same; sorted.
  uint32_t weight = 1;             ///< What its labels say, > 0.
  bool passed = false; ///< While jobs are handed out: it may run none of them.
  /// When its jobs go to others unless it gives a sign of life. Means nothing
  /// while it has none.
  caf::actor_clock::time_point lease_until{};

  /// @param wanted what somebody has said, if he has. A pool that offers none
  ///               gets none.
  void set_slots(std::optional<uint32_t> wanted) {
    slots = own_slots == 0 ? 0 : wanted.value_or(own_slots);
  }
  uint32_t free_slots() const { return slots > busy ? slots - busy : 0; }
  /// How many jobs it may get now.
  uint32_t free() const {
    return static_cast<uint32_t>(
      std::min<uint64_t>(free_slots(), node->room()));
  }
  bool offers(const std::vector<std::string>& needs) const {
    return std::includes(labels.begin(), labels.end(), needs.begin(),
                         needs.end());
  }
  void take(uint32_t n) {
    busy += n;
    node->running += n;
  }
  void give_back(uint32_t n) {
    n = std::min(busy, n);
    busy -= n;
    node->running -= n;
  }
};

/// Everything about one worker type.
struct type_lanes {
  std::string name;
  metrics::type* meter = nullptr;
  /// By queue, and what is needed.
  std::map<std::pair<std::string, std::vector<std::string>>, lane_set> sets;
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
