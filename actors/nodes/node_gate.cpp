#include "actors/nodes/node_gate.hpp"

#include "actors/nodes/node_registry.hpp"
#include "definitions/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <utility>

namespace quaero {

void node_gate_state::refuse(const caf::strong_actor_ptr& link,
                             std::string why) {
  if (refusals->take())
    log::warn("node.hello_refused",
              {{"why", why}, {"not_logged", refusals->left_out()}});
  wire_welcome_v1 no;
  no.reason = std::move(why);
  no.build = config->build;
  if (link)
    self->send(caf::actor_cast<wire_link_actor>(link), std::move(no));
}

void node_gate_state::cut(const std::string& node, const std::string& why) {
  if (refusals->take())
    log::warn(
      "node.hello_refused",
      {{"node", node}, {"why", why}, {"not_logged", refusals->left_out()}});
  if (config->cut)
    config->cut(node, why);
}

void node_gate_state::on_hello(wire_hello_v1& x) {
  auto link = self->current_sender();
  if (!link)
    return;
  auto who = identify(link);
  if (!who)
    return refuse(link, "the hub does not know this process");
  if (auto why = hellos->take(who->node, who->connection, self->clock().now());
      !why.empty())
    return cut(who->node, why);
  if (auto why = check(x, config->wire); !why.empty())
    return refuse(link, "hello: " + why);
  if (x.node != who->node)
    return refuse(link, "hello: it has another name than its certificate, '"
                          + who->node + "'");
  self->send(registry, atom::attach_v,
             arrival{std::move(x), std::move(link), std::move(who->node),
                     std::move(who->address)});
}

node_gate_impl::behavior_type
node_gate(node_gate_impl::stateful_pointer<node_gate_state> self,
          std::shared_ptr<const hub_nodes_config> config,
          identify_peer identify, node_registry_actor registry) {
  auto& st = self->state;
  st.refusals.emplace(config->refusals_logged_max);
  st.hellos.emplace(config->hellos_minute_max, config->nodes_max);
  st.config = std::move(config);
  st.identify = std::move(identify);
  st.registry = std::move(registry);
  self->link_to(st.registry);
  self->set_default_handler(caf::drop);
  return {
    [&st](wire_hello_v1& x) { st.on_hello(x); },
    [&st](atom::put, const caf::strong_actor_ptr& node, wire_welcome_v1& x) {
      st.self->send(caf::actor_cast<wire_link_actor>(node), std::move(x));
    },
  };
}

hub_nodes spawn_hub_nodes(caf::actor_system& system, hub_nodes_config config,
                          hub_nodes_peers peers, identify_peer identify,
                          const wall_clock* clock) {
  auto shared = std::make_shared<const hub_nodes_config>(std::move(config));
  hub_nodes out;
  out.registry = system.spawn(node_registry, shared, std::move(peers), clock);
  out.gate = system.spawn(node_gate, shared, std::move(identify), out.registry);
  return out;
}

std::vector<std::string> node_message_types() {
  std::vector<std::string> out;
  for (const char* name : {caf::type_name<wire_hello_v1>::value,
                           caf::type_name<wire_welcome_v1>::value,
                           caf::type_name<wire_block_v1>::value,
                           caf::type_name<wire_pulse_v1>::value})
    out.push_back(std::string{"@<>+"} + name);
  return out;
}

void add_node_messages(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::quaero_wire>();
}

} // namespace quaero
