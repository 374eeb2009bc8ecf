#pragma once

#include "actors/actors.hpp"
#include "actors/metrics.hpp"
#include "actors/queue_job_actor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

struct worker_pool_config {
  std::string type;                ///< Of the jobs; not empty.
  std::string node;                ///< The machine that it is on.
  std::vector<std::string> labels; ///< That the machine has.
  uint32_t slots = 16;             ///< > 0; attempts at a time.
  /// > 0; how often it tells the QUEUE that it lives, while it has jobs. Less
  /// than a lease of the QUEUE's.
  std::chrono::nanoseconds heartbeat = std::chrono::seconds{5};
  attempt_config attempt;
  metrics_ptr meter; ///< Told of attempts that are lost, if there is one.
};

/// What a pool says to itself.
using worker_pool_impl = worker_pool_actor::extend<
  // Tell the QUEUE that the pool lives.
  caf::reacts_to<atom::renew>>;

/// What a pool owes to the QUEUE for having its jobs.
struct pool_duty {
  bool beating = false; ///< A heartbeat is due.
  bool expired = false; ///< Attaches again when what it has is over.
};

/// Attempts in progress.
struct worker_pool_state {
  static constexpr const char* name = "worker-pool";
  static constexpr bool stores_starts = true; ///< See pool_offer.

  explicit worker_pool_state(worker_pool_impl::pointer ptr) : self{ptr} {}
  ~worker_pool_state(); ///< Its attempts and its worker end with it.

  struct running {
    queue_job_actor attempt;
    uint64_t epoch = 0;
    uint32_t number = 1;
    bool suspect = false; ///< A worker has ended with the job before.
  };

  worker_pool_impl::pointer self;
  worker_pool_config config;
  pool_duty duty;
  std::function<job_worker_actor()> spawn_worker;
  job_worker_actor worker;
  work_giver_actor queue;
  commit_taker_actor collector;
  const wall_clock* clock = nullptr;
  std::unordered_map<job_id, running> attempts;
  std::unordered_map<caf::actor_addr, job_id> jobs;

  void on_assign(job_block& block);
  void on_cancel(const id_list& ids);
  void on_expire();
  bool idle() const { return attempts.empty(); }
  void on_down(const caf::down_msg& down);
  void replace_worker(const caf::error& why);
  void report_lost(const job_id& id, const running& lost,
                   const caf::error& why);
  actor_status on_status() const;
};

/// Runs jobs of one type: an attempt actor each, all served by one worker.
/// A worker that ends is replaced at once, and its jobs run again at once. An
/// attempt actor that ends without a report is reported by the pool.
/// While it has jobs it gives a sign of life each `heartbeat`, whatever its
/// worker does: a live worker's job is not taken away because of its age.
/// @param spawn_worker makes the worker, and its successor; called by the pool.
worker_pool_impl::behavior_type
worker_pool(worker_pool_impl::stateful_pointer<worker_pool_state> self,
            worker_pool_config config,
            std::function<job_worker_actor()> spawn_worker,
            work_giver_actor queue, commit_taker_actor collector,
            const wall_clock* clock);

/// Blocks in progress.
struct block_pool_state {
  static constexpr const char* name = "block-pool";
  static constexpr bool stores_starts = false; ///< See pool_offer.

  explicit block_pool_state(worker_pool_impl::pointer ptr) : self{ptr} {}
  ~block_pool_state(); ///< Its worker ends with it.

  /// What decides whether a job of a block runs again.
  struct block_terms {
    retry_policy retry;
    uint32_t uncounted = 0;
    bool suspect = false; ///< A worker has ended with the job before.
  };

  /// The reports to be.
  struct block {
    std::vector<job_report> reports;
    std::vector<block_terms> terms;
  };

  worker_pool_impl::pointer self;
  worker_pool_config config;
  pool_duty duty;
  std::function<block_worker_actor()> spawn_worker;
  block_worker_actor worker;
  work_giver_actor queue;
  const wall_clock* clock = nullptr;
  std::unordered_map<uint64_t, block> blocks; ///< That the worker has.
  uint64_t next_block = 1;

  void on_assign(job_block& assigned);
  bool idle() const { return blocks.empty(); }
  void on_outcomes(uint64_t number, std::vector<job_outcome>& outcomes);
  void judge(job_report& x, const block_terms& terms) const;
  void on_down(const caf::down_msg& down);
  actor_status on_status() const;
};

/// Runs very short jobs, a block at a time, without an actor each. Their start
/// is stored with their end. They cannot be stopped once they have begun.
/// A worker that ends is replaced at once, and its jobs run again at once.
/// @param spawn_worker makes the worker, and its successor; called by the pool.
worker_pool_impl::behavior_type
block_pool(worker_pool_impl::stateful_pointer<block_pool_state> self,
           worker_pool_config config,
           std::function<block_worker_actor()> spawn_worker,
           work_giver_actor queue, const wall_clock* clock);

} // namespace quaero
