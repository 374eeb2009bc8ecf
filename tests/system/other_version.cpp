// What a later version of the program would be on a node: `quaerod` with other
// numbers in its hello. OTHER_VERSION says which:
//
//   protocol   speaks the next protocol only
//   both       speaks this one and the next
//   schema     speaks this one, and has another form of what is in it

#include "actors/nodes/node_link_state.hpp"
#include "actors/nodes/wire_messages.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

// The library's own, below another name.
#define spawn_node_side spawn_this_node_side
#include "actors/nodes/node_side.cpp"
#undef spawn_node_side

namespace quaero {

node_side spawn_node_side(caf::actor_system& system, node_link_config config,
                          node_pools_config pools, const worker_kinds& kinds,
                          const wall_clock* clock) {
  const char* asked = std::getenv("OTHER_VERSION");
  const std::string_view what = asked != nullptr ? asked : "";
  if (what == "protocol")
    config.protocol_min = wire_protocol + 1;
  if (what == "protocol" || what == "both")
    config.protocol_max = wire_protocol + 1;
  if (what == "schema")
    config.schema = std::string(64, '0');
  return spawn_this_node_side(system, std::move(config), std::move(pools),
                              kinds, clock);
}

} // namespace quaero
