#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "actors/head_tracker.hpp"
#include "actors/queue_config.hpp"
#include "actors/queue_lanes.hpp"
#include "definitions/explanation.hpp"

#include <caf/result.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

/// What the actor says to itself.
using queue_impl = queue_actor::extend<
  // Commit what has gathered.
  caf::reacts_to<atom::flush>,
  // A delayed job is due, or one that waits expires.
  caf::reacts_to<atom::wake>,
  // Leases may have run out.
  caf::reacts_to<atom::expire>>;

/// Ready jobs by worker type, queue and priority, delayed jobs, leases.
struct queue_state {
  static constexpr const char* name = "queue";

  explicit queue_state(queue_impl::pointer ptr) : self{ptr} {}

  /// Jobs of one step (or of none) that wait or run.
  struct scope {
    job_id manager;
    job_id step;
    job_list<&queued_job::scope_link> jobs; ///< Not kept of "none".
  };

  /// A job that comes back into the lanes, with a new place on disk.
  struct comeback {
    queued_job* job = nullptr;
    storage::queue_key key;
    timestamp run_at{};
    bool snoozed = false;
  };

  /// Changes that will be committed together, and what follows from it.
  struct gathering {
    commit_ptr change;
    std::vector<queued_job*> arrivals;
    std::vector<timestamp> run_at; ///< Of the arrivals.
    std::vector<comeback> comebacks;
    std::vector<queued_job*> gone;
    std::vector<step_delta> deltas;
    std::vector<job_tally> tallies;
    std::vector<prepared_ptr> saved;
    std::vector<ack_promise> replies;
    std::vector<std::function<void()>> answers; ///< Of other types.
    std::vector<job_id> silent; ///< Owners of a log that have ended.
    gathering();
    bool empty() const {
      return change->ops.empty() && replies.empty() && answers.empty();
    }
    step_delta& delta(const job_id& step);
    job_tally& tally(const queued_job& x);
    void need(durability level);
  };

  queue_impl::pointer self;
  queue_config config;
  log_collector_actor collector;
  reader_actor reader;
  document_store_actor documents;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;

  queued_jobs jobs;
  std::unordered_map<std::string, type_lanes> types;
  std::vector<type_lanes*> type_turns; ///< All of them.
  size_t next_type = 0;                ///< Whose turn it is.
  std::map<std::string, node_place, std::less<>> nodes;
  /// When leases are looked at next; zero while nothing is leased.
  caf::actor_clock::time_point leases_at{};
  std::map<std::string, named_queue, std::less<>> queues;
  lane_set* last_lane = nullptr; ///< Neighbours are of one, nearly always.
  job_timers delayed;
  job_timers expiries; ///< Of jobs that are ready or delayed.
  /// When queues that have started as many jobs as they may go on.
  std::set<std::pair<caf::actor_clock::time_point, named_queue*>> rate_timers;
  std::vector<queued_job*> held_back; ///< At gates, in this dispatch.
  std::unordered_map<job_id, job_terms> terms;
  std::unordered_map<std::string, job_id> unique; ///< Key -> its job.
  std::vector<scope> scopes{1};                   ///< 0 is "no step".
  std::vector<uint32_t> free_scopes;
  std::unordered_map<job_id, uint32_t> scope_of_step;
  std::unordered_map<job_id, uint64_t> live_of_run;
  std::unordered_map<job_id, step_monitor_actor> monitors;
  /// Steps of before a restart whose monitor is not here yet: what it missed.
  std::unordered_map<job_id, step_delta> awaited;
  /// Runs and steps that may not start jobs, and who waits for the last one to
  /// end.
  std::unordered_map<job_id, std::vector<ack_promise>> cancelled;
  /// The same, of single jobs.
  std::unordered_map<job_id, std::vector<ack_promise>> stopping;
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
  uint64_t ready = 0;
  uint64_t leased = 0;
  uint64_t resident_bytes = 0; ///< Of the records in the lanes.
  std::array<bool, storage::lane_count> lane_used{};
  std::array<timestamp, storage::delayed_lane> newest{}; ///< See order_at().
  int64_t refused = 0;

  // -- messages (queue.cpp) ---------------------------------------------------
  ack_promise on_enqueue(enqueue_ptr request);
  ack_promise on_block(enqueue_block& block);
  void on_watch(const job_id& step, step_monitor_actor monitor);
  void on_recover(recovery& found);
  void bring_back(const storage::queue_entry& x, bool interrupted,
                  timestamp not_before);
  void on_flush();
  ack_promise on_drain();
  queue_status on_stats() const;
  actor_status on_status() const;
  caf::typed_response_promise<actor_status> on_status_tree();

  // -- pools and nodes (queue_pools.cpp) --------------------------------------
  void on_attach(worker_pool_actor handle, const pool_offer& offer);
  void on_renew(const caf::strong_actor_ptr& pool);
  void on_leases();
  void arm_leases();
  void lose_pool(const caf::actor_addr& pool, const char* why);
  void report_lost(const caf::actor_addr& pool, bool stores_starts,
                   const char* why);
  void on_down(const caf::down_msg& down);
  std::vector<node_info> on_nodes() const;
  caf::typed_response_promise<node_info> on_node(const node_change& x);
  caf::typed_response_promise<std::vector<loaded_job>>
  on_claims(worker_pool_actor pool, job_claims claims);
  static explanation explain_slots(const lane_set& lanes, uint64_t before,
                                   uint64_t counted_max);

  // -- commits (queue.cpp) ----------------------------------------------------
  caf::error refusal(const enqueue_request& request);
  void take_all(enqueue_request& request);
  void arm_flush();
  void store_head(storage::write_batch& out);
  void committed(gathering& done);
  void come_back(const comeback& x);
  void not_committed(gathering& lost, const caf::error& why);
  void tell(const step_delta& delta);

  // -- waiting jobs (queue_waiting.cpp) ---------------------------------------
  bool take_in(queue_job& job, storage::write_batch& out, job_id& existing);
  storage::queue_key new_key(uint8_t priority, timestamp run_at);
  static size_t bytes_of(const queue_job& x);
  void hold_record(queued_job& x, loaded_job record);
  loaded_job take_record(queued_job& x);
  timestamp order_at(uint8_t priority, timestamp since);
  void arrive(queued_job& x, timestamp run_at, timestamp since);
  void arrive(queued_job& x, timestamp run_at);
  void move_to(queued_job& x, queue_place to);
  void push_ready(queued_job& x);
  void remove_waiting(queued_job& x);
  void on_wake();
  void arm_wake();
  void enter(queued_job& x, const job_id& manager, const job_id& step);
  void leave(queued_job& x, durability stored_at);
  uint32_t facets_at(const queued_job& x);
  void set_terms(queued_job& x, job_terms wanted);
  bool expired(const queued_job& x, timestamp now) const;
  timestamp due_of(const queued_job& x) const;

  // -- named queues (queue_names.cpp) -----------------------------------------
  type_lanes& type_of(const std::string& type);
  lane_set& lanes_of(const std::string& type, const std::string& queue,
                     const std::vector<std::string>& tags);
  void refresh(lane_set& x) const;
  void refresh(named_queue& x) const;
  caf::error check_queues(const std::vector<queue_job>& wanted);
  caf::error check_room(const std::function<size_t()>& missing);
  void forget_idle_queues();
  static queue_info info_of(const named_queue& x);
  std::vector<queue_info> on_queues() const;
  caf::result<queue_info> on_queue(const std::string& which) const;
  caf::typed_response_promise<queue_info> on_change(const queue_change& x);
  void change(const queue_change& x,
              caf::typed_response_promise<queue_info> reply);
  caf::result<explanation> on_explain(const job_id& id) const;
  explanation explain_ready(const queued_job& x) const;
  uint64_t jobs_before(const queued_job& x) const;

  // -- limits (queue_limits.cpp) ----------------------------------------------
  key_gate* gate_of(const queued_job& x);
  key_gate* closed_gate(const queued_job& x);
  bool is_held(const queued_job& x) const;
  void hold_at(key_gate& gate, queued_job& x);
  void leave_gate(queued_job& x);
  void open_gate(key_gate& gate, uint64_t room);
  void open_gates_of(const queued_job& x);
  static uint64_t room_of(const named_queue& queue, const key_gate& gate);
  void count_running(queued_job& x);
  void count_over(queued_job& x);
  void count_start(named_queue& queue);
  void close_by_rate(named_queue& queue, caf::actor_clock::time_point until);
  void open_by_rate();
  void set_rate(named_queue& queue);
  void close_after_restart(named_queue& queue);
  explanation explain_gate(const queued_job& x) const;
  explanation explain_rate(const named_queue& queue) const;
  void recover_slots(const std::string& type, uint32_t slots);
  std::vector<type_info> on_types() const;
  caf::typed_response_promise<type_info> on_slots(const type_change& x);

  // -- running jobs (queue_dispatch.cpp) --------------------------------------
  void dispatch();
  void dispatch(type_lanes& where);
  std::vector<queued_job*> take(type_lanes& where, const offered_slots& to,
                                size_t count);
  void take_from(lane_set& from, const lane_set* rival, size_t count,
                 std::vector<queued_job*>& out);
  void assign(const worker_pool_actor& to,
              const std::vector<queued_job*>& batch);
  void load_then_assign(type_lanes& where, const worker_pool_actor& to,
                        std::vector<queued_job*> batch);
  void on_loaded(type_lanes& where, const worker_pool_actor& to,
                 const std::vector<queued_job*>& batch,
                 std::vector<loaded_job>& found);
  static void give_back(type_lanes& where, const caf::actor_addr& to,
                        uint32_t slots);
  static void end_lease(queued_job& x);

  // -- cancellation (queue_cancel.cpp) ----------------------------------------
  ack_promise on_cancel(const job_id& whole);
  ack_promise on_stop(const job_id& job);
  void cancel_scope(scope& x,
                    std::unordered_map<caf::actor_addr, id_list>& running);
  void send_cancels(std::unordered_map<caf::actor_addr, id_list> running);
  void cancel_entry(queued_job& x);
  void end_entry(queued_job& x, job_status status, std::string why,
                 failure_reason reason = failure_reason::none);
  bool is_cancelled(const scope& x) const;
  bool is_cancelled(const queued_job& x) const;
  bool is_idle(const job_id& whole) const;
  event_place place_of(const queued_job& x, job_status from) const;
  void check_idle(const job_id& whole);

  // -- reports (queue_reports.cpp) --------------------------------------------
  void on_report(report_block& block);
  queued_job* accept(const job_report& report);
  void save_then_settle(job_report report);
  void settle(job_report& report, queued_job& held, const prepared_ptr& saved);
  void judge_death(job_report& report, const queued_job& held);
  void settle_retry(job_report& report, queued_job& held);
  void settle_terminal(job_report& report, const queued_job& held,
                       uint64_t created_documents);
  void spawn_children(std::vector<new_job>& children, const queued_job& held);
};

/// Owns the queue table: every job that waits or runs, who may run it, and
/// since which epoch. A job is stored and queued in one commit; an attempt's
/// outcome, children, documents, lines and the end of its entry are one commit
/// too. Requests gather while commits are under way, so single ones become
/// batches under load and are not delayed without.
/// Order within a worker type, across its named queues: by priority (see
/// due_of(): none waits for ever), then runs in turn, then by arrival. A queue
/// that is paused, or runs as many jobs as it may, keeps its own jobs back and
/// nobody else's. A pool that ends gives its jobs back at once, and one that
/// has jobs and gives no sign of life for the time of a lease loses them; a
/// report of an attempt that is not the current one is refused and logged.
/// Children of a job that was accepted are accepted, even above a length_max:
/// new submissions are then refused until there is room. Bounds: O(log n) a
/// message, or of the jobs that it names; about 100 bytes a waiting job plus
/// `resident_bytes_max`; one byte a job between the oldest and the newest.
/// Errors: ec::limit_reached (queue full, too many queues), ec::conflict (run
/// cancelled), ec::not_found (queue), ec::invalid_argument (queue name),
/// ec::shutting_down, and the STORE's.
queue_impl::behavior_type
queue(queue_impl::stateful_pointer<queue_state> self, queue_config config,
      log_collector_actor collector, reader_actor reader,
      document_store_actor documents, std::shared_ptr<id_generator> ids,
      const wall_clock* clock);

} // namespace quaero
