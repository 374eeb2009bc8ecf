#pragma once

#include "actors/nodes/hello_watch.hpp"
#include "actors/nodes/node_gate.hpp"
#include "actors/nodes/refusal_log.hpp"

#include <caf/result.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quaero {

/// What the gate is told by the registry.
using node_gate_impl = node_gate_actor::extend<
  // Say this to a node.
  caf::reacts_to<atom::put, caf::strong_actor_ptr, wire_welcome_v1>>;

struct node_gate_state {
  static constexpr const char* name = "node-gate";

  explicit node_gate_state(node_gate_impl::pointer ptr) : self{ptr} {}

  node_gate_impl::pointer self;
  std::shared_ptr<const hub_nodes_config> config;
  identify_peer identify;
  node_registry_actor registry;
  std::optional<refusal_log> refusals;
  std::optional<hello_watch> hellos;

  void on_hello(wire_hello_v1& x);
  void refuse(const caf::strong_actor_ptr& link, std::string why);
  void cut(const std::string& node, const std::string& why);
};

/// The NODE GATE: checks each field of a hello, and that its name is the one in
/// the certificate of the process that it is from. A node that says hello too
/// often is cut, without an answer.
/// Bounds: nothing is kept of a hello; see hello_watch.
node_gate_impl::behavior_type
node_gate(node_gate_impl::stateful_pointer<node_gate_state> self,
          std::shared_ptr<const hub_nodes_config> config,
          identify_peer identify, node_registry_actor registry);

struct node_registry_state {
  static constexpr const char* name = "node-registry";

  explicit node_registry_state(node_registry_actor::pointer ptr) : self{ptr} {}
  ~node_registry_state(); ///< Its sessions end with it.

  struct entry {
    node_view view; ///< As it was when its last session ended.
    node_session_actor session;
    uint64_t epoch = 0;
    uint64_t instance = 0;
    bool draining = false;
  };

  node_registry_actor::pointer self;
  std::shared_ptr<const hub_nodes_config> config;
  hub_nodes_peers peers;
  const wall_clock* clock = nullptr;
  std::map<std::string, entry, std::less<>> nodes;
  uint64_t epochs = 0; ///< Given since the start.

  void on_arrival(arrival& x, const caf::strong_actor_ptr& gate);
  std::string refusal(const arrival& x) const;
  void end_session(entry& x, node_state how);
  void on_done(const std::string& node, bool by_peer);
  caf::error on_expire(const std::string& node);
  caf::error on_remove(const std::string& node);
  caf::typed_response_promise<node_view> on_drain(const std::string& node,
                                                  bool wanted);
  caf::typed_response_promise<node_view> on_get(const std::string& node);
  caf::typed_response_promise<std::vector<node_view>> on_list();
  void on_down(const caf::down_msg& down);
  actor_status on_status() const;
  caf::typed_response_promise<actor_status> on_status_tree();
};

/// The NODE REGISTRY: which nodes there are, and in which epoch. Epochs of a
/// node only grow, over starts of the daemon, too. A hello with the epoch and
/// the instance of the session that is there goes on with it; any other one
/// ends that session first and begins the next epoch.
/// No node ever hears of it, so it may have requests open.
/// Bounds: `nodes_max` names, a session each.
node_registry_actor::behavior_type
node_registry(node_registry_actor::stateful_pointer<node_registry_state> self,
              std::shared_ptr<const hub_nodes_config> config,
              hub_nodes_peers peers, const wall_clock* clock);

} // namespace quaero
