#pragma once

#include "actors/nodes/authority.hpp"
#include "actors/nodes/hub_tunnel.hpp"
#include "actors/nodes/known_peers.hpp"
#include "actors/nodes/node_gate.hpp"
#include "bench/harness.hpp"
#include "programs/process.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quaero::bench {

/// The runtime of this process as a hub, on a port of this machine, and its
/// nodes: real daemons, a process each.
class remote_hub {
public:
  /// @param dir for the authority and the nodes' folders.
  /// @param rt  was made for other machines, and has recovered.
  /// @throws std::runtime_error if that cannot be done.
  remote_hub(bench_runtime& rt, std::string dir);
  ~remote_hub(); ///< Kills the nodes, and ends what it has spawned.

  remote_hub(const remote_hub&) = delete;
  remote_hub& operator=(const remote_hub&) = delete;

  /// Starts a node that runs jobs of that type, so many at a time; 0: as many
  /// as its worker brings along.
  void join(const std::string& name, const std::string& type, uint32_t slots);

  /// Ends a node as a crash does.
  void kill(const std::string& name);

  /// Starts one again that was killed.
  void restart(const std::string& name);

  /// Waits until so many nodes are connected and take jobs.
  /// @throws std::runtime_error if that takes too long.
  void await_ready(size_t nodes);

  /// Jobs that each node has now.
  std::map<std::string, uint64_t> running();

private:
  std::vector<node_view> views();
  std::string folder_of(const std::string& name) const;

  bench_runtime& rt_;
  std::string dir_;
  std::unique_ptr<authority> authority_;
  known_peers_ptr peers_ = std::make_shared<known_peers>();
  hub_nodes nodes_;
  hub_tunnel tunnel_;
  uint16_t port_ = 0;
  std::map<std::string, std::unique_ptr<process>> processes_;
};

} // namespace quaero::bench
