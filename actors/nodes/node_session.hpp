#pragma once

#include "actors/nodes/node_gate.hpp"
#include "actors/nodes/rate_limit.hpp"
#include "actors/nodes/remote_pool.hpp"
#include "actors/nodes/round_trip.hpp"
#include "actors/nodes/wire_items.hpp"

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

/// What the actor says to itself.
using node_session_impl = node_session_actor::extend<
  // Send what has gathered.
  caf::reacts_to<atom::flush>,
  // Say what was received, if nothing has said so meanwhile.
  caf::reacts_to<atom::settle>,
  // Whether something has to be sent again, and whether the node lives.
  caf::reacts_to<atom::wake>,
  // The node has had its time to come back; by number of the connection.
  caf::reacts_to<atom::timeout, uint64_t>>;

/// What the hub has of one node.
struct node_session_state {
  static constexpr const char* name = "node-session";

  explicit node_session_state(node_session_impl::pointer ptr) : self{ptr} {}
  ~node_session_state(); ///< Its pools end with it.

  struct worker {
    wire_offer_v1 offer;
    remote_pool_actor pool; ///< None until the node's pool is ready.
    uint32_t slots = 0;     ///< That the node offers now.
    bool ready = false;
    uint64_t running = 0;
    std::optional<rate_limit> slot_changes;
  };

  struct sized_item {
    wire_item item;
    size_t bytes = 0; ///< On the wire.
  };

  /// An attempt that the node has.
  struct lease {
    size_t worker = 0;
    uint64_t epoch = 0;
    uint32_t attempt = 0;
    bool may_retry = true;
    /// Claimed, and the QUEUE has not answered yet.
    bool claimed = false;
    timestamp since{};
    timestamp lines_since{}; ///< No line of it is older.
    job_id owner;            ///< Of its lines.
    job_id manager;
    /// Of one that is claimed: what the node has said of it meanwhile.
    std::vector<log_line> lines;
    std::unique_ptr<wire_report_v1> report;
    size_t kept_bytes = 0; ///< Of both.
  };

  node_session_impl::pointer self;
  std::shared_ptr<const hub_nodes_config> config;
  hub_nodes_peers peers;
  const wall_clock* clock = nullptr;
  arrival who;
  wire_link_actor link;
  uint64_t epoch = 0;
  node_view view;
  std::vector<worker> workers;
  std::unordered_map<job_id, lease> leases;
  stream_sender out;
  stream_receiver in;
  round_trip trip;
  bool connected = false;
  bool draining = false;
  bool cut_off = false; ///< It has broken a rule: this ends.
  bool flush_armed = false;
  bool signal_armed = false;
  bool owes_signal = false; ///< Something was received and not acknowledged.
  uint64_t signalled = 0;   ///< Blocks that the node knows were received.
  uint64_t connections = 0;
  std::optional<rate_limit> pulses;        ///< Of this connection.
  size_t claimed_bytes = 0;                ///< Of all leases.
  uint64_t questions = 0;                  ///< Without an answer.
  uint64_t acknowledged = 0;               ///< When it was looked at last.
  std::chrono::nanoseconds clock_offset{}; ///< Ours minus the node's.
  caf::actor_clock::time_point seen_at{};
  caf::actor_clock::time_point wake_at{};

  // -- the connection (node_session.cpp) --------------------------------------
  void begin(arrival x, bool resumed);
  void on_attach(arrival& x);
  void on_block(const wire_block_v1& x);
  void on_pulse(const wire_pulse_v1& x);
  void on_done(bool by_peer);
  void on_lost();
  void on_timeout(uint64_t connection);
  void on_wake();
  void on_flush();
  void on_settle();
  void flush();
  void resend();
  void hear(); ///< A word of the node, of which `out` has been told.
  std::chrono::milliseconds return_time() const;
  void on_down(const caf::down_msg& down);
  bool is_from_link() const;
  void take(const wire_block_v1& x);
  void saw();
  void owe_signal();
  void push(std::string item);
  void send_block(uint64_t number, const std::string& payload);
  void send_signal(uint64_t number);
  void break_off(const std::string& why);

  // -- work (node_session_work.cpp) -------------------------------------------
  void on_items(std::vector<sized_item>& items);
  std::string on_ready(const wire_ready_v1& x);
  void on_kept(const std::string& type, const std::vector<loaded_job>& kept);
  void on_assign(const std::string& type, const job_block& block);
  void on_cancel(const id_list& ids);
  void on_expire(const std::string& type);
  void on_drain(bool wanted);
  void on_lines(const wire_lines_v1& x, std::vector<log_line>& usable);
  void on_report(wire_report_v1&& x, size_t bytes, report_block& block);
  std::string on_question(wire_question_v1& x);
  void on_answer(const job_id& id, uint64_t number, bool ok, std::string text);
  job_report to_report(wire_report_v1& x, const lease& of) const;
  bool adapt(log_line& x, const lease& of) const;
  void forget(std::unordered_map<job_id, lease>::iterator at);
  void keep_bytes(lease& of, size_t bytes);
  size_t worker_of(const std::string& type) const;
  question_actor answers_to(const std::string& type) const;
  node_view on_get() const;
  actor_status on_status() const;
};

/// A NODE SESSION: one epoch of one node. What it has to say is numbered,
/// repeated until it is acknowledged, and sent only as far as the node grants;
/// the same holds the other way. A connection that ends changes nothing, and a
/// new one goes on where it was; the session, and with it the epoch, is over
/// when the node's lease is, when its process has ended and did not come back
/// in the time of hub_nodes_config::return_grace, or when it breaks a rule.
/// Then its pools end, and the QUEUE gives their jobs to others. It has no
/// request open, ever: a node could answer it.
/// @param arrived the node that said hello; it is answered.
/// Bounds: jobs that its slots allow for; the windows of two streams.
node_session_impl::behavior_type
node_session(node_session_impl::stateful_pointer<node_session_state> self,
             std::shared_ptr<const hub_nodes_config> config,
             hub_nodes_peers peers, arrival arrived, uint64_t epoch,
             bool draining, const wall_clock* clock);

} // namespace quaero
