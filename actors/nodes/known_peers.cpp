#include "actors/nodes/known_peers.hpp"

#include "actors/nodes/caf_end.hpp"

#include <caf/actor_control_block.hpp>

#include <utility>

namespace quaero {

void known_peers::opened(const caf_node& process, known_peer peer) {
  std::lock_guard lock{guard_};
  peer.connection = ++connections_;
  all_.insert_or_assign(process, std::move(peer));
}

void known_peers::closed(const std::string& node) {
  std::lock_guard lock{guard_};
  std::erase_if(all_, [&](const auto& x) { return x.second.node == node; });
}

std::optional<known_peer> known_peers::find(const caf_node& process) const {
  std::lock_guard lock{guard_};
  auto i = all_.find(process);
  return i == all_.end() ? std::nullopt : std::optional{i->second};
}

std::optional<known_peer>
known_peers::identify(const caf::strong_actor_ptr& x) const {
  if (!x)
    return {};
  return find(process_of(*x->home_system, x->nid));
}

} // namespace quaero
