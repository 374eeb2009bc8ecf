#pragma once

#include "actors/node_admin_actors.hpp"
#include "actors/nodes/authority.hpp"
#include "actors/nodes/hub_tunnel.hpp"
#include "actors/nodes/known_peers.hpp"
#include "actors/nodes/node_gate.hpp"
#include "actors/runtime.hpp"
#include "definitions/settings.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// What an actor system needs that talks to other machines. Before it is made.
void use_remote_work(caf::actor_system_config& config);

/// The limits of tunnels, as settings say.
tunnel_limits tunnel_limits_of(const settings& x);

/// By which names nodes reach this machine: those of the settings, or the
/// address that is listened to, or `machine` if that is every address.
std::vector<std::string> hub_hosts(const settings& x,
                                   const std::string& machine);

/// The daemon's side of its nodes: the AUTHORITY in the data directory, the
/// actors that speak with nodes, and the port. Made, opened, spawned, listened
/// with, and stopped, each once and in that order.
class hub_side {
public:
  /// @param machine what others call this machine.
  hub_side(const settings& how, const std::string& machine);
  /// Calls stop(), and ends the actors. What a node runs goes on there, and it
  /// can say so after the next start, only if the runtime has gone before: it
  /// would store that these jobs were lost.
  ~hub_side();

  hub_side(const hub_side&) = delete;
  hub_side& operator=(const hub_side&) = delete;

  /// Opens the authority, `nodes` in the data directory.
  /// @returns "" or what is wrong.
  std::string open();

  /// Spawns the actors. REQUIRES: use_remote_work(); `system` outlives it.
  /// @param db   of the runtime.
  /// @param boot number of this start.
  void spawn(caf::actor_system& system, runtime& rt,
             std::shared_ptr<const storage::store> db, uint64_t boot,
             const std::string& build);

  /// Takes nodes from now on. REQUIRES: the runtime has recovered.
  /// @returns "" or what is wrong.
  std::string listen();

  const node_admin_actor& admin() const { return admin_; }

  /// Cuts all nodes, and takes no more. May be called again.
  void stop();

private:
  bool may_run(const std::string& node, const std::string& type) const;
  void on_join(const std::string& node, const std::string& address) const;

  const settings& settings_;
  std::vector<std::string> hosts_;
  std::unique_ptr<authority> authority_;
  known_peers_ptr peers_ = std::make_shared<known_peers>();
  /// Sessions may still cut nodes when this object is gone.
  std::shared_ptr<hub_tunnel> tunnel_ = std::make_shared<hub_tunnel>();
  caf::actor_system* system_ = nullptr;
  hub_nodes nodes_;
  node_admin_actor admin_;
  audit_log_actor audit_;
  std::atomic<uint16_t> port_{0};
};

} // namespace quaero
