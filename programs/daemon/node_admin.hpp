#pragma once

#include "actors/node_admin_actors.hpp"
#include "actors/nodes/authority.hpp"
#include "actors/nodes/hub_tunnel.hpp"
#include "actors/nodes/node_actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// What the NODE ADMIN works with. All of it outlives the actor.
struct node_admin_tools {
  authority* by = nullptr;
  hub_tunnel* tunnel = nullptr;
  node_registry_actor registry;
  std::string host; ///< By which nodes reach the hub.
  const std::atomic<uint16_t>* port = nullptr; ///< 0: it does not listen yet.
  std::vector<std::string> workers;            ///< Types that run on nodes.
};

struct node_admin_state {
  static constexpr const char* name = "node-admin";

  explicit node_admin_state(node_admin_actor::pointer ptr) : self{ptr} {}

  node_admin_actor::pointer self;
  node_admin_tools tools;

  caf::expected<node_invitation> on_invite(const node_wish& wish);
  caf::typed_response_promise<std::vector<node_row>> on_list();
  caf::typed_response_promise<node_row> on_drain(const std::string& node,
                                                 bool on);
  caf::typed_response_promise<void> on_remove(const std::string& node);
  actor_status on_status() const;
  std::vector<node_row> rows(const std::vector<node_view>& seen) const;
};

/// Nodes as people see them: who may be one, by the AUTHORITY; how each is, by
/// the NODE REGISTRY.
/// Bounds: a write of the authority's file for each change; it blocks.
node_admin_actor::behavior_type
node_admin(node_admin_actor::stateful_pointer<node_admin_state> self,
           node_admin_tools tools);

} // namespace quaero
