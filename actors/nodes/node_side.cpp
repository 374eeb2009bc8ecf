#include "actors/nodes/node_link_state.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace quaero {

node_side spawn_node_side(caf::actor_system& system, node_link_config config,
                          node_pools_config pools, const worker_kinds& kinds,
                          const wall_clock* clock) {
  // Definition workers stay on the hub: nobody asks those that are made here.
  node_side out;
  std::vector<worker_kind> wanted;
  const auto hub = std::make_shared<question_actor>();
  for (auto& x : kinds({system, {}, *clock, pools.detach, hub})) {
    if (x.definition)
      out.idle.push_back(caf::actor_cast<caf::actor>(x.definition));
    const bool chosen
      = pools.types.empty()
        || std::find(pools.types.begin(), pools.types.end(), x.job_type)
             != pools.types.end();
    if (!x.job_type.empty() && chosen)
      wanted.push_back(std::move(x));
  }
  auto secrets = std::make_shared<secret_table>(config.secrets_max);
  const auto node = config.node;
  out.link
    = system.spawn(node_link, std::move(config), wanted.size(), secrets, clock);
  *hub = out.link;
  pools.attempt.keys = std::make_shared<const key_lookup>(
    [secrets](std::string_view key) { return secrets->find(key); });
  for (const auto& kind : wanted) {
    worker_pool_config how;
    how.node = node;
    how.heartbeat = pools.heartbeat;
    how.attempt = pools.attempt;
    how.meter = pools.meter;
    out.pools.push_back(
      spawn_pool(system, kind, std::move(how), out.link, out.link, *clock));
  }
  return out;
}

void end_node_side(const node_side& x) {
  for (const auto& pool : x.pools)
    caf::anon_send_exit(pool, caf::exit_reason::kill);
  for (const auto& idle : x.idle)
    caf::anon_send_exit(idle, caf::exit_reason::kill);
  caf::anon_send_exit(x.link, caf::exit_reason::kill);
}

} // namespace quaero
