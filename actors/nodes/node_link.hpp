#pragma once

#include "actors/nodes/node_actors.hpp"
#include "actors/nodes/wire_stream.hpp"
#include "actors/runtime.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// All limits and times are > 0.
struct node_link_config {
  std::string node;  ///< Its name, as in its certificate.
  std::string build; ///< Of this program, for people.
  std::vector<std::string> labels;
  /// Of this life of the process; random, not 0. Jitter comes from it, too.
  uint64_t instance = 1;
  uint32_t protocol_min = wire_protocol;
  uint32_t protocol_max = wire_protocol;
  std::string schema; ///< "": wire_schema().
  /// Asks the tunnel for a connection; the answer is `attach` with the gate, or
  /// `done` with a reason. Called by the link; must not block.
  std::function<void()> connect;
  /// Has the tunnel end the connection that there is; the same.
  std::function<void(const std::string& why)> disconnect;

  std::chrono::milliseconds retry_min{250};
  std::chrono::milliseconds retry_max = std::chrono::seconds{30};
  /// CAF may show a hub that is gone for so long.
  std::chrono::milliseconds settle{200};
  /// For the tunnel to connect, and for the hub's welcome.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds{20};
  std::chrono::milliseconds hello_timeout = std::chrono::seconds{5};
  std::chrono::milliseconds resend_after = std::chrono::seconds{5};
  std::chrono::milliseconds ack_delay{5};
  /// Beyond that, lines are dropped and counted; reports never are, and there
  /// are no more of them than the pools have slots.
  size_t backlog_bytes_max = 64 * 1024 * 1024;
  size_t secrets_max = 10'000; ///< That are remembered.
  /// A pool that has jobs and said nothing for so long is not said to live.
  std::chrono::milliseconds alive_max = std::chrono::seconds{7};
  stream_limits stream;
  wire_limits wire;
};

/// A node's side of all: its LINK, and the pools of its worker types.
struct node_side {
  node_link_actor link;
  std::vector<worker_pool_actor> pools;
  /// Actors that kinds made for steps; they serve no one here.
  std::vector<caf::actor> idle;
};

struct node_pools_config {
  std::vector<std::string> types; ///< Of jobs; empty: all that there are.
  std::chrono::nanoseconds heartbeat = std::chrono::seconds{5};
  attempt_config attempt; ///< Its `keys` are the link's.
  metrics_ptr meter;
  bool detach = true;
};

/// Spawns the LINK, and a pool for each kind that executes jobs of one of the
/// types, as runtime does at home. Definition workers stay on the hub.
/// @param clock outlives the system.
node_side spawn_node_side(caf::actor_system& system, node_link_config config,
                          node_pools_config pools, const worker_kinds& kinds,
                          const wall_clock* clock);

/// Ends all of them.
void end_node_side(const node_side& x);

} // namespace quaero
