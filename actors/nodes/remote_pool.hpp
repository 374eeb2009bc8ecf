#pragma once

#include "actors/nodes/node_gate.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

struct remote_pool_config {
  std::string type;
  std::string node;
  bool stores_starts = true;       ///< See pool_offer.
  std::vector<std::string> labels; ///< The same.
  question_actor answers;          ///< Of what its workers ask; may be null.
  find_holder holders;             ///< See hub_nodes_peers.
};

/// Jobs on their way to a node.
struct remote_pool_state {
  static constexpr const char* name = "remote-pool";

  explicit remote_pool_state(remote_pool_actor::pointer ptr) : self{ptr} {}

  remote_pool_actor::pointer self;
  remote_pool_config config;
  queue_actor queue;
  log_collector_actor collector;
  node_session_actor session;
  const wall_clock* clock = nullptr;
  uint32_t slots = 0; ///< That QUEUE was told of.
  bool attached = false;
  /// Grows when the lease has run out: what was begun before is void.
  uint64_t lease = 0;
  /// Jobs whose start is being stored; true: to be stopped.
  std::unordered_map<job_id, bool> starting;

  void attach(uint32_t wanted);
  void on_ready(uint32_t wanted, job_claims claims);
  void drop_others(job_claims& claims) const;
  void on_assign(job_block& block);
  void on_started(uint64_t of, job_block& block);
  void on_cancel(const id_list& ids);
  void on_expire();
  void on_slots(uint32_t wanted);
  void on_question(uint64_t number, job_question& x);
};

/// Stands at the hub for one pool of a node. Stores the starts of attempts, as
/// a pool at home does but with the node's name, and has the session send them
/// when they are stored. Of what the node claims after a start of the hub it
/// passes on what began there, or does not say where it did.
/// It has no timer: the QUEUE's lease is the node's, renewed when the node says
/// that its pool lives. Ends with its session, which gives its jobs back.
/// No node ever hears of it, so it may have requests open.
/// Bounds: `slots` jobs. It reads a record for each job that is claimed.
remote_pool_actor::behavior_type
remote_pool(remote_pool_actor::stateful_pointer<remote_pool_state> self,
            remote_pool_config config, queue_actor queue,
            log_collector_actor collector, node_session_actor session,
            const wall_clock* clock);

} // namespace quaero
