#pragma once

#include "actors/nodes/frame_guard.hpp"

#include <chrono>
#include <cstddef>

namespace quaero {

/// What a connection between hub and node may take. All limits are > 0.
struct tunnel_limits {
  size_t connections_max = 1000; ///< Nodes at a time; others are closed.
  /// Peers that have connected and are not nodes yet; others are closed.
  size_t handshakes_max = 64;
  size_t address_handshakes_max = 16; ///< Of them, from one address.
  /// From a connection's begin to its first message, or for a whole enrolment.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
  /// A peer of whom nothing comes is closed.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{10};
  /// For a peer to take what was written at once.
  std::chrono::milliseconds write_timeout = std::chrono::seconds{30};
  /// For CAF to be done with the former connection of a process.
  std::chrono::milliseconds former_timeout = std::chrono::seconds{5};
  /// What is read at once, and so what is held of one connection, each way.
  size_t buffer_bytes_max = 64 * 1024;
  size_t enrolment_bytes_max = 16 * 1024; ///< A request, or its answer.
  /// Processes of one node in an hour; CAF never forgets one. A process that
  /// connects again counts once.
  size_t processes_max = 60;
  size_t refusals_logged_max = 20; ///< In a minute; others are counted.
  frame_limits frames;
};

} // namespace quaero
