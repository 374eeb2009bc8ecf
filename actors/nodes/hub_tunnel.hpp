#pragma once

#include "actors/nodes/authority.hpp"
#include "actors/nodes/line_end.hpp"
#include "actors/nodes/tunnel_limits.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct hub_tunnel_config {
  std::string address = "127.0.0.1"; ///< An IP address.
  uint16_t port = 0;                 ///< 0: any that is free.
  tunnel_limits limits;
  /// Messages that may pass, both ways; see frame_rules.
  std::vector<std::string> types;
  /// A node is connected, as that process and from that address; nothing has
  /// passed yet. Or it is not any more; `by_peer`: the other process closed the
  /// connection, as its end does, and not silence or a cut. Called by the
  /// tunnel's thread, for one node in turns; must not block.
  std::function<void(const std::string& node, const caf_node& process,
                     const std::string& address)>
    on_open;
  std::function<void(const std::string& node, const std::string& why,
                     bool by_peer)>
    on_close;
  /// Somebody has joined as that node, from that address. Called like them.
  std::function<void(const std::string& node, const std::string& address)>
    on_join;
  /// Between two looks whether the hub needs a new certificate.
  std::chrono::milliseconds renewal_interval = std::chrono::hours{1};
};

/// What happened since the start.
struct hub_tunnel_counts {
  uint64_t open = 0;       ///< Nodes that are connected now.
  uint64_t handshakes = 0; ///< Peers that have connected and are no nodes yet.
  uint64_t accepted = 0;
  uint64_t refused = 0;
  uint64_t accept_failures = 0; ///< For want of a descriptor, mostly.
};

/// The hub's TUNNEL: the one port that nodes connect to. Through TLS with the
/// certificates of an AUTHORITY, on either side; past frame guards, either way;
/// to the hub's CAF, which has no port. A node that connects again replaces its
/// former connection, and who joins in its name ends it. Who enrols is answered
/// and closed. The hub's certificate is replaced in time.
///
/// Bounds: `limits`. With no descriptor left it closes who comes, and waits.
/// Threads: one of its own; start() and stop() belong to one, the others to
/// any.
class hub_tunnel {
public:
  hub_tunnel();
  ~hub_tunnel(); ///< Calls stop().

  hub_tunnel(const hub_tunnel&) = delete;
  hub_tunnel& operator=(const hub_tunnel&) = delete;

  /// Listens. REQUIRES: it was never started; `by` outlives it.
  /// @returns the port; ec::invalid_config with a sentence, if it cannot.
  caf::expected<uint16_t> start(hub_tunnel_config config, authority& by,
                                line_end_ptr end);

  /// Closes a node's connection, if it has one; for one that was revoked.
  void cut(const std::string& node, const std::string& why);

  hub_tunnel_counts counts() const;

  /// Closes everything. May be called again.
  void stop();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace quaero
