#pragma once

#include "actors/nodes/line_end.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace quaero {

struct known_peer {
  std::string node;    ///< The name in its certificate.
  std::string address; ///< That it connects from.
  /// A number that no other connection has; 0: not known.
  uint64_t connection = 0;
};

/// Which node a process is, as the tunnel has found out by its certificate: a
/// frame guard holds every process to its own id.
/// Bounds: an entry for each open connection.
/// Threads: any.
class known_peers {
public:
  /// Gives the connection its number.
  void opened(const caf_node& process, known_peer peer);
  void closed(const std::string& node);

  std::optional<known_peer> find(const caf_node& process) const;

  /// Who the process of that actor is; nothing for one of this process.
  std::optional<known_peer> identify(const caf::strong_actor_ptr& x) const;

private:
  mutable std::mutex guard_;
  std::map<caf_node, known_peer> all_;
  uint64_t connections_ = 0; ///< Ever.
};

using known_peers_ptr = std::shared_ptr<known_peers>;

} // namespace quaero
