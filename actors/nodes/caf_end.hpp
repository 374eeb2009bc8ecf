#pragma once

#include "actors/nodes/line_end.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string>

namespace quaero {

/// Of both ends of every connection: a silent process is given up after
/// `silence_max`, and each says something every `heartbeat_interval`.
inline constexpr std::chrono::seconds heartbeat_interval{2};
inline constexpr std::chrono::seconds silence_max{10};

/// Loads CAF's part for other processes, with the heartbeats above, no port and
/// no connections made by itself. Before the actor system is made.
/// No type may be added for remote spawning (`add_actor_type`).
void use_nodes(caf::actor_system_config& config);

struct caf_end_limits {
  /// What CAF may have to say to a process that does not listen; then the
  /// connection ends. CAF itself has no limit.
  size_t backlog_bytes_max = 64 * 1024 * 1024;
  /// For the handshake of CAF's two ends.
  std::chrono::milliseconds handshake_timeout = silence_max;
};

/// The hub's end: whoever connects learns of `gate` and of nothing else.
/// `interface` is what sys.message_types(gate) says.
/// REQUIRES: use_nodes(); `sys` outlives the last line that is attached.
/// @returns null if `sys` has no network part.
line_end_ptr make_hub_end(caf::actor_system& sys, caf::strong_actor_ptr gate,
                          std::set<std::string> interface,
                          caf_end_limits limits = {});

/// Told of each connection of a node once: the hub's gate, or why there is
/// none. Called by an actor of the system; must not block.
using on_gate = std::function<void(caf::expected<caf::strong_actor_ptr>)>;

/// The node's end. `expected` is the interface that the gate must have. When
/// the connection ends, CAF tells who monitors the gate; the next one has a new
/// handle.
/// REQUIRES: as above.
/// @returns null if `sys` has no network part.
line_end_ptr make_node_end(caf::actor_system& sys,
                           std::set<std::string> expected, on_gate told,
                           caf_end_limits limits = {});

/// make_hub_end() for a typed gate.
template <class Gate>
line_end_ptr make_hub_end(caf::actor_system& sys, const Gate& gate,
                          caf_end_limits limits = {}) {
  return make_hub_end(sys, caf::actor_cast<caf::strong_actor_ptr>(gate),
                      sys.message_types(gate), limits);
}

/// A process as tunnels know it.
caf_node process_of(caf::actor_system& sys, const caf::node_id& id);

/// The names of a message's parts, as the rules of a frame_guard list them.
std::string type_names(caf::actor_system& sys, const caf::message& x);

} // namespace quaero
