#pragma once

#include "actors/nodes/certificates.hpp"
#include "actors/nodes/enrolment.hpp"
#include "actors/nodes/line_end.hpp"
#include "actors/nodes/tunnel_limits.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct node_tunnel_config {
  hub_place hub;
  identity own;          ///< Of the node.
  std::string authority; ///< PEM: who vouches for the hub.
  tunnel_limits limits;
  std::vector<std::string> types; ///< As those of the hub's.
};

/// A node's TUNNEL: one connection at a time to the hub, through TLS with
/// certificates on either side, past frame guards, to this process's CAF.
/// Takes the hub's certificate only for the name or address that it was given,
/// for a hub, and by the authority that it was given.
///
/// Threads: one of its own. start() and stop() belong to one, the others to
/// any.
class node_tunnel {
public:
  node_tunnel();
  ~node_tunnel(); ///< Calls stop().

  node_tunnel(const node_tunnel&) = delete;
  node_tunnel& operator=(const node_tunnel&) = delete;

  /// REQUIRES: it was never started.
  /// @returns "" or a sentence that says what is wrong with the config.
  std::string start(node_tunnel_config config, line_end_ptr end);

  /// Connects, in place of the connection that there is. Both are called by
  /// the tunnel's thread and must not block: `on_open` at most once, when the
  /// hub has let the node in; `on_close` once, with the reason, also when it
  /// never came to be open. Neither is called any more once another connect()
  /// has taken its place.
  void connect(std::function<void()> on_open,
               std::function<void(const std::string& why)> on_close);

  /// The node's new certificate, from the next connect() on.
  /// @returns false if it cannot be used.
  bool renew(const identity& own);

  /// Closes the connection, if there is one.
  void close(const std::string& why);

  /// Closes it and ends the thread. May be called again.
  void stop();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace quaero
