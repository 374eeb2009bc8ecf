#pragma once

#include "actors/nodes/known_peers.hpp"
#include "actors/nodes/node_actors.hpp"
#include "actors/nodes/wire_rules.hpp"
#include "actors/nodes/wire_stream.hpp"
#include "definitions/secrets.hpp"

#include <caf/fwd.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

/// All limits and times are > 0.
struct hub_nodes_config {
  std::string build; ///< Of this program, for people.
  uint64_t boot = 1; ///< Number of this start, as QUEUE has it: epochs begin
                     ///< with it, so that they grow over starts.
  /// As QUEUE has it: jobs go to others after so long without a sign.
  std::chrono::milliseconds lease = std::chrono::seconds{15};
  /// So much earlier the node has stopped, by its own clock. < lease.
  std::chrono::milliseconds grace = std::chrono::seconds{2};
  /// A node sends a pulse so often. < lease - grace.
  std::chrono::milliseconds renew = std::chrono::seconds{5};
  /// A node whose connection was closed from its side may come back for
  ///   return_grace + return_trips * (the shortest round trip that was seen),
  /// at most a lease. Its process has ended, or its connection was only reset,
  /// and nothing tells them apart: a process that is killed with bytes unread
  /// resets its connections, too. The first part is for the pause before its
  /// next try, up to node_link_config::retry_min = 250 ms, and for what the
  /// processes do; on one machine it is all.
  std::chrono::milliseconds return_grace = std::chrono::milliseconds{500};
  /// What the line takes to come back: half a trip to learn of the reset, one
  /// for TCP, two for TLS, one each to name the process, for CAF's handshake
  /// and for the hello, that is 6.5 with TLS 1.2; and some room.
  uint32_t return_trips = 8;
  /// What was sent and is not acknowledged is sent again after so long.
  std::chrono::milliseconds resend_after = std::chrono::seconds{5};
  /// An acknowledgement waits so long for something to go with.
  std::chrono::milliseconds ack_delay = std::chrono::milliseconds{5};
  stream_limits stream;
  /// Bytes of items that are kept for a node until it has received them. With
  /// more it is cut off: its jobs go to others.
  size_t backlog_bytes_max = 256 * 1024 * 1024;
  wire_limits wire;
  report_limits report;
  // How often a node may speak. A node that keeps to the rules says hello once
  // on each connection, a pulse in each `renew` and on each connection, and
  // that its slots have changed when it is drained or a pool of its starts
  // anew. With more it is cut.
  /// Hellos of a node in a minute, over all of its connections; on one
  /// connection it may say one.
  size_t hellos_minute_max = 600;
  /// Pulses with a number in the time of one `renew`, of one connection. Each
  /// renews the leases of all pools that it names.
  size_t pulses_renew_max = 20;
  /// How many slots a worker type has, in a minute, of one session.
  size_t slots_minute_max = 60;
  /// Bytes of lines and reports that are kept of jobs that a node has claimed,
  /// until the QUEUE says which go on. With more it is cut off.
  size_t claimed_bytes_max = 256 * 1024 * 1024;
  /// Ends the connection of a node that breaks the rules; may be empty, must
  /// not block. For hub_tunnel::cut.
  std::function<void(const std::string& node, const std::string& why)> cut;
  /// Whether a node may run jobs of that type; may be empty. Else its hello is
  /// refused.
  std::function<bool(const std::string& node, const std::string& type)>
    may_offer;
  size_t nodes_max = 1000;         ///< Names that are remembered.
  size_t refusals_logged_max = 20; ///< In a minute; others are counted.
};

/// On which node an attempt began, as its stored start says: "" if it does not
/// say, nothing if that cannot be read. Any thread.
using find_holder
  = std::function<std::optional<std::string>(const job_id&, uint32_t attempt)>;

/// Asks the database, which outlives it.
find_holder holders_in(std::shared_ptr<const storage::store> db);

/// What the actors of a hub's nodes need of the runtime.
struct hub_nodes_peers {
  queue_actor queue;
  log_collector_actor collector;
  key_lookup keys; ///< For secrets in a job's configuration; may be empty.
  /// By job type: who answers its workers; may be empty.
  std::unordered_map<std::string, question_actor> questions;
  /// Whose an attempt is that a node claims after a start of the hub. May be
  /// empty: then any node may that offers the job's type and labels.
  find_holder holders = {};
};

/// Who answers to the name of a process, by the tunnel. Any thread.
using identify_peer
  = std::function<std::optional<known_peer>(const caf::strong_actor_ptr&)>;

/// What a daemon that takes nodes has.
struct hub_nodes {
  node_gate_actor gate; ///< For make_hub_end(), and for nothing else.
  node_registry_actor registry;
};

/// Spawns NODE GATE and NODE REGISTRY. The gate ends with the registry.
/// @param identify see known_peers::identify().
/// @param clock    outlives the system.
/// Errors: both end with ec::invalid_config and the name of a broken limit.
hub_nodes spawn_hub_nodes(caf::actor_system& system, hub_nodes_config config,
                          hub_nodes_peers peers, identify_peer identify,
                          const wall_clock* clock);

/// The messages that tunnels let pass, both ways, as frame_rules list them.
std::vector<std::string> node_message_types();

/// Registers the types of messages between hub and node. Before the actor
/// system is made, on both sides, beside those of the runtime.
void add_node_messages(caf::actor_system_config& config);

} // namespace quaero
