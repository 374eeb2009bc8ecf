#pragma once

#include "actors/nodes/caf_end.hpp"
#include "actors/nodes/node_tunnel.hpp"
#include "tests/nodes/nodes_fixture.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_actor.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace quaero::test {

/// What the hub publishes in these tests.
using gate_actor = caf::typed_actor<
  // One more.
  caf::replies_to<uint32_t>::with<uint32_t>,
  // Counts its bytes.
  caf::reacts_to<std::string>,
  // The bytes so far.
  caf::replies_to<caf::get_atom>::with<uint64_t>,
  // Somebody to send to and to look after.
  caf::reacts_to<caf::actor>>;

struct network_config : caf::actor_system_config {
  explicit network_config(caf::timespan heartbeat = heartbeat_interval) {
    use_nodes(*this);
    set("middleman.heartbeat-interval", heartbeat);
    set("scheduler.max-threads", 2u);
  }
};

/// The hub: an actor system with a gate behind a tunnel. Start no thread before
/// the nodes are made.
struct caf_hub : hub_fixture {
  caf_hub();
  ~caf_hub();
  void start(caf_end_limits limits = {});
  /// Tells a node its port, and waits until it says "ready".
  void ready(child& node);

  network_config network;
  caf::timespan node_heartbeat = heartbeat_interval; ///< Of the nodes.
  std::optional<caf::actor_system> sys;
  gate_actor gate;
  caf::actor guest;       ///< The newest whom the gate was told of.
  event_list gate_events; ///< "guest", "down".
};

/// A node: an actor system behind a tunnel, in a process of its own.
struct caf_node_process {
  caf_node_process(const caf_hub& hub, const identity& own, uint16_t port);
  ~caf_node_process();

  /// "" or why there is no connection.
  std::string connect();
  /// What the gate answers; 0 if it does not.
  uint32_t ask(uint32_t x);
  /// Waits until CAF says that the gate is gone. @returns whether it did.
  bool wait_down();

  network_config network;
  caf::actor_system sys;
  node_tunnel tunnel;
  event_list events;
  std::mutex guard;
  caf::strong_actor_ptr newest;
  gate_actor gate;
  std::optional<caf::scoped_actor> self;
};

/// Bytes of memory that this process has; 0 if a sanitizer keeps them.
size_t resident_bytes();

/// Sockets of this process that listen.
size_t listeners();

} // namespace quaero::test
