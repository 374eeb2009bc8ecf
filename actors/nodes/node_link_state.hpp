#pragma once

#include "actors/ack.hpp"
#include "actors/nodes/node_link.hpp"
#include "actors/nodes/secret_table.hpp"
#include "actors/nodes/wire_items.hpp"

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quaero {

/// What the actor says to itself.
using node_link_impl = node_link_actor::extend<
  // Send what has gathered.
  caf::reacts_to<atom::flush>,
  // Say what was received, if nothing has said so meanwhile.
  caf::reacts_to<atom::settle>,
  // Send again what got lost; say that the node lives.
  caf::reacts_to<atom::wake>,
  // The lease may have run out.
  caf::reacts_to<atom::expire>,
  // Ask for a connection.
  caf::reacts_to<atom::retry>,
  // Connecting, or being greeted, has taken too long; by number of the try.
  caf::reacts_to<atom::timeout, uint64_t>>;

struct node_link_state {
  static constexpr const char* name = "node-link";

  explicit node_link_state(node_link_impl::pointer ptr) : self{ptr} {}

  struct pool {
    worker_pool_actor handle;
    pool_offer offer;
    /// Stops what it has; attaches when that is over.
    bool stopping = false;
    uint64_t running = 0;
    caf::actor_clock::time_point alive_at{};
  };

  /// What a worker waits for.
  struct open_question {
    uint64_t number = 0;
    std::string text;
    caf::typed_response_promise<std::string> reply;
  };

  struct running_job {
    size_t pool = 0;
    uint64_t epoch = 0;
    uint32_t attempt = 0;
    /// Of an epoch that is over; the hub has not said yet whether it goes on.
    bool claimed = false;
    std::vector<open_question> questions;
  };

  using time_point = caf::actor_clock::time_point;

  node_link_impl::pointer self;
  node_link_config config;
  const wall_clock* clock = nullptr;
  std::shared_ptr<secret_table> secrets;
  size_t pools_expected = 0;
  std::vector<pool> pools;
  std::unordered_map<job_id, running_job> jobs;
  std::minstd_rand dice;

  link_view view;
  node_gate_actor gate;
  wire_session_actor session;
  uint64_t tries = 0;    ///< To connect, ever.
  uint32_t failures = 0; ///< In a row.
  stream_sender out;
  stream_receiver in;
  bool flush_armed = false;
  bool signal_armed = false;
  bool wake_armed = false;
  bool expire_armed = false;
  bool owes_signal = false;
  uint64_t signalled = 0;
  uint64_t acknowledged = 0;
  std::chrono::milliseconds lease{};
  std::chrono::milliseconds renew{};
  time_point greeted_at{};
  time_point
    confirmed_at{};      ///< When that was said which the hub answered last.
  time_point pulse_at{}; ///< Of the next pulse.
  std::deque<std::pair<uint64_t, time_point>> pulses; ///< Without an answer.
  uint64_t next_pulse = 1;
  uint64_t next_question = 1;
  size_t questions = 0; ///< Of all jobs.
  std::vector<ack_promise> draining;

  // -- the connection (node_link.cpp) -----------------------------------------
  void on_gate(const caf::strong_actor_ptr& x);
  void on_done(const std::string& why);
  void on_retry();
  void on_timeout(uint64_t number);
  void on_welcome(const wire_welcome_v1& x);
  void on_block(const wire_block_v1& x);
  void on_pulse(const wire_pulse_v1& x);
  void on_wake();
  void on_flush();
  void on_settle();
  void on_lease();
  void on_down(const caf::down_msg& down);
  bool is_online() const { return view.state == link_state::online; }
  bool is_from_session() const;
  void lose(const std::string& why);
  void say_hello();
  void arm_wake();
  void arm_lease();
  void send_pulse();
  void send_signal(uint64_t number, std::vector<std::string> alive = {});
  void send_block(uint64_t number, const std::string& payload);
  void push(std::string item);
  void check_drained();

  // -- work (node_link_work.cpp) ----------------------------------------------
  void on_attach(worker_pool_actor handle, const pool_offer& offer);
  void on_renew(const caf::strong_actor_ptr& from);
  void on_report(report_block& block);
  void on_commit(const commit& change);
  ack_promise on_drain();
  caf::typed_response_promise<std::string> on_question(job_question& x);
  void ask(const job_id& id, const running_job& of, const open_question& x);
  void on_answer(wire_answer_v1& x);
  void end_questions(running_job& of);
  void on_items(std::vector<wire_item>& items);
  void on_assign(wire_assign_v1& x, std::vector<job_block>& blocks);
  void on_cancel(const std::vector<job_id>& ids);
  void on_expire(const std::string& type);
  void on_kept(const wire_kept_v1& x);
  void begin_epoch(uint64_t epoch);
  void announce(size_t pool_at, const std::vector<wire_report_v1>& reports
                                = {});
  void stop_all();
  void stop(size_t pool_at);
  void forget(std::unordered_map<job_id, running_job>::iterator at);
  size_t pool_of(const std::string& type) const;
  wire_report_v1 to_wire(job_report& x, const running_job& of) const;
  std::vector<std::string> alive() const;
  link_view on_get() const;
  actor_status on_status() const;
};

/// A NODE LINK. It says hello on each connection, keeps the node's half of both
/// streams over them, and stops all work by its own clock when the lease is
/// over: from then on nothing that ran counts, here or there.
/// It asks for connections until it ends: at once after a loss, then with
/// growing pauses of random length.
/// It has no request open, ever: the hub could answer it.
/// Bounds: jobs that its pools have slots for; `backlog_bytes_max` and their
/// reports; the windows of two streams.
/// Errors: ends with ec::invalid_config if a limit is out of range.
node_link_impl::behavior_type
node_link(node_link_impl::stateful_pointer<node_link_state> self,
          node_link_config config, size_t pools_expected,
          std::shared_ptr<secret_table> secrets, const wall_clock* clock);

} // namespace quaero
