#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "actors/head_tracker.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

struct queue_config {
  uint64_t boot = 1;               ///< Number of this start; part of epochs.
  uint64_t length_max = 5'000'000; ///< Jobs that wait or run; more are refused.
  /// Bytes of records kept in memory; jobs beyond are read when their turn
  /// comes.
  uint64_t resident_bytes_max = 256ull << 20;
  uint32_t commits_in_flight_max = 2; ///< > 0; meanwhile changes gather.
  uint32_t block_jobs_max = 256;      ///< > 0; jobs in one assignment.
  uint64_t head_lag_max = 4096;       ///< Sequences until the head is stored.
  /// Of the reports' commits.
  durability report_durability = durability::group;
};

/// What the actor says to itself.
using queue_impl = queue_actor::extend<
  // Commit what has gathered.
  caf::reacts_to<atom::flush>,
  // A delayed job is due.
  caf::reacts_to<atom::wake>>;

/// Ready jobs by worker type and priority, delayed jobs, leases.
struct queue_state {
  static constexpr const char* name = "queue";

  explicit queue_state(queue_impl::pointer ptr) : self{ptr} {}

  /// Jobs of one step (or of none) that wait or run.
  struct scope {
    job_id manager;
    job_id step;
    uint64_t live = 0;
  };

  /// A job that waits. Its record is either here or in the database only.
  struct entry {
    job_id id;
    storage::queue_key key;
    std::unique_ptr<loaded_job> record;
    uint32_t scope = 0;
    uint8_t priority = 4;
    bool interrupted = false; ///< Its last attempt ended with the daemon.
  };

  struct lanes;

  /// An entry on its way into the lanes.
  struct arrival {
    entry job;
    lanes* type = nullptr; ///< Stable: `types` is a node-based map.
    timestamp run_at{};
  };

  struct pool {
    worker_pool_actor handle;
    uint32_t slots = 0;
    uint32_t free = 0;
  };

  /// Everything about one worker type.
  struct lanes {
    std::string name;
    std::array<std::deque<entry>, storage::delayed_lane> ready;
    uint64_t size = 0;
    std::vector<pool> pools;
    size_t next_pool = 0; ///< Whose turn it is.
  };

  struct lease {
    uint64_t epoch = 0;
    uint32_t attempt = 1;
    storage::queue_key key;
    uint32_t scope = 0;
    uint8_t priority = 4;
    bool reported = false; ///< Its report is being committed.
    caf::actor_addr pool;
    lanes* type = nullptr;
  };

  /// Changes that will be committed together, and what follows from it.
  struct gathering {
    commit_ptr change;
    std::vector<arrival> arrivals;
    std::vector<job_id> ended; ///< Leases that are over.
    std::vector<std::pair<storage::queue_key, uint32_t>> gone; ///< Key, scope.
    std::vector<step_delta> deltas;
    std::vector<prepared_ptr> saved;
    std::vector<ack_promise> replies;
    std::vector<job_id> silent; ///< Owners of a log that have ended.

    gathering();
    bool empty() const { return change->ops.empty() && replies.empty(); }
    step_delta& delta(const job_id& step);
    void need(durability level);
  };

  queue_impl::pointer self;
  queue_config config;
  log_collector_actor collector;
  reader_actor reader;
  document_store_actor documents;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;

  std::unordered_map<std::string, lanes> types;
  std::multimap<timestamp, arrival> delayed;
  std::unordered_map<job_id, lease> leases;
  std::vector<scope> scopes{1}; ///< 0 is "no step".
  std::vector<uint32_t> free_scopes;
  std::unordered_map<job_id, uint32_t> scope_of_step;
  std::unordered_map<job_id, uint64_t> live_of_run;
  std::unordered_map<job_id, step_monitor_actor> monitors;
  /// Steps of before a restart whose monitor is not here yet: what it missed.
  std::unordered_map<job_id, step_delta> awaited;
  /// Runs that may not start jobs, and who waits for the last one to end.
  std::unordered_map<job_id, std::vector<ack_promise>> cancelled;
  std::vector<ack_promise> draining;
  bool drained = false; ///< Assigns nothing any more.
  gathering pending;
  uint32_t commits_in_flight = 0;
  bool flush_armed = false;
  timestamp wake_at{}; ///< Of the timer that is armed; zero is none.
  head_tracker sequences;
  uint64_t stored_head = 0;
  uint64_t next_epoch = 1;
  uint64_t length = 0; ///< Jobs that wait or run, commits under way included.
  uint64_t resident_bytes = 0; ///< Of the records in the lanes.
  std::array<bool, storage::lane_count> lane_used{};
  int64_t refused = 0;

  // -- messages (queue.cpp) ---------------------------------------------------
  ack_promise on_enqueue(enqueue_ptr request);
  void on_attach(const std::string& type, worker_pool_actor handle,
                 uint32_t slots);
  void on_watch(const job_id& step, step_monitor_actor monitor);
  void on_recover(recovery& found);
  void on_wake();
  void on_flush();
  void on_down(const caf::down_msg& down);
  ack_promise on_drain();
  queue_status on_stats() const;
  actor_status on_status() const;
  caf::typed_response_promise<actor_status> on_status_tree();

  // -- waiting jobs (queue.cpp) -----------------------------------------------
  arrival make_arrival(const queue_job& job, uint32_t attempt,
                       storage::write_batch& out);
  arrival take_in(queue_job job, storage::write_batch& out);
  lanes& lanes_of(const std::string& type);
  static size_t bytes_of(const queue_job& x);
  void hold_record(entry& x, loaded_job record);
  loaded_job take_record(entry& x);
  void arrive(arrival x);
  void arm_wake();
  uint32_t scope_for(const job_id& manager, const job_id& step);
  void enter(uint32_t where);
  void leave(uint32_t where);
  void tell(const step_delta& delta);

  // -- commits (queue.cpp) ----------------------------------------------------
  void arm_flush();
  void store_head(storage::write_batch& out);
  void committed(gathering& done);
  void not_committed(gathering& lost, const caf::error& why);

  // -- running jobs (queue_dispatch.cpp) --------------------------------------
  void dispatch();
  void dispatch(lanes& where);
  std::vector<entry> take(lanes& where, size_t count);
  void assign(lanes& where, const worker_pool_actor& to,
              std::vector<entry> batch);
  void load_then_assign(lanes& where, const worker_pool_actor& to,
                        std::vector<entry> batch);
  void on_loaded(lanes& where, const worker_pool_actor& to,
                 std::vector<entry>& batch, std::vector<loaded_job>& found);
  void give_back(lanes& where, const caf::actor_addr& to, uint32_t slots);
  void end_lease(const job_id& id);

  // -- cancellation (queue_dispatch.cpp) --------------------------------------
  ack_promise on_cancel(const job_id& manager);
  void cancel_waiting(const job_id& manager);
  void cancel_entry(entry& x, const lanes& where);
  void end_entry(entry& x, const lanes& where, job_status status,
                 std::string why);
  bool is_cancelled(uint32_t where) const;
  void check_idle(const job_id& manager);

  // -- reports (queue_reports.cpp) --------------------------------------------
  void on_report(report_block& block);
  lease* accept(const job_report& report);
  void save_then_settle(job_report report);
  void settle(job_report& report, lease& held, const prepared_ptr& saved);
  event_place place_of(const lease& held, job_status from) const;
  void settle_retry(job_report& report, const lease& held);
  void settle_terminal(job_report& report, const lease& held,
                       uint64_t created_documents);
  void spawn_children(std::vector<new_job>& children, const lease& held);
};

/// Owns the queue table: every job that waits or runs, who may run it, and
/// since which epoch. A job is stored and queued in one commit; an attempt's
/// outcome, children, documents, lines and the end of its entry are one commit
/// too. Requests gather while commits are under way, so single ones become
/// batches under load and are not delayed without.
/// Order: by priority, then by arrival, within a worker type.
/// A pool that ends gives its jobs back at once; a report of an attempt that is
/// not the current one is refused and logged.
/// Bounds: O(log delayed) a message; about 100 bytes a waiting job plus
/// `resident_bytes_max`; one byte a job between the oldest and the newest.
/// Errors: ec::limit_reached (queue full), ec::conflict (run cancelled),
/// ec::shutting_down, and the STORE's.
queue_impl::behavior_type
queue(queue_impl::stateful_pointer<queue_state> self, queue_config config,
      log_collector_actor collector, reader_actor reader,
      document_store_actor documents, std::shared_ptr<id_generator> ids,
      const wall_clock* clock);

} // namespace quaero
