#include "actors/nodes/node_registry.hpp"

#include "actors/ack.hpp"
#include "actors/census.hpp"
#include "actors/nodes/node_session.hpp"
#include "definitions/log.hpp"

#include <caf/send.hpp>

#include <utility>

namespace quaero {

node_registry_state::~node_registry_state() {
  for (const auto& [name_, x] : nodes)
    if (x.session)
      caf::anon_send_exit(x.session, caf::exit_reason::user_shutdown);
}

// -- arrivals -----------------------------------------------------------------

std::string node_registry_state::refusal(const arrival& x) const {
  const auto& hello = x.hello;
  if (hello.protocol_min > wire_protocol || hello.protocol_max < wire_protocol)
    return "this hub (" + config->build + ") speaks protocol "
           + std::to_string(wire_protocol) + ", the node (" + hello.build
           + ") speaks " + std::to_string(hello.protocol_min) + " to "
           + std::to_string(hello.protocol_max) + "; update the older of them";
  if (hello.schema != wire_schema())
    return "what this hub (" + config->build + ") and the node (" + hello.build
           + ") say to each other has the same protocol and another form: "
             "they must be of the same version; update the older of them";
  if (!nodes.contains(x.node) && nodes.size() >= config->nodes_max)
    return "the hub knows too many nodes";
  for (const auto& offer : hello.offers)
    if (config->may_offer && !config->may_offer(x.node, offer.type))
      return "the node was not invited for jobs of type " + offer.type;
  return {};
}

void node_registry_state::on_arrival(arrival& x,
                                     const caf::strong_actor_ptr& gate) {
  auto why = refusal(x);
  if (nodes.contains(x.node) || nodes.size() < config->nodes_max) {
    auto& view = nodes[x.node].view;
    view.name = x.node;
    view.build = x.hello.build;
    view.address = x.address;
    view.last_seen = clock->now();
    view.reason = why;
  }
  if (!why.empty()) {
    log::warn("node.hello_refused", {{"node", x.node}, {"why", why}});
    if (auto i = nodes.find(x.node); i != nodes.end()) {
      // Its former life is over, as if it had been taken.
      if (x.hello.instance != i->second.instance)
        end_session(i->second, node_state::refused);
      if (!i->second.session) {
        i->second.view.state = node_state::refused;
        i->second.view.since = clock->now();
      }
    }
    wire_welcome_v1 no;
    no.reason = std::move(why);
    no.build = config->build;
    self->send(caf::actor_cast<node_gate_impl>(gate), atom::put_v,
               std::move(x.link), std::move(no));
    return;
  }
  auto& has = nodes[x.node];
  if (has.session && x.hello.epoch == has.epoch
      && x.hello.instance == has.instance) {
    self->send(has.session, atom::attach_v, std::move(x));
    return;
  }
  end_session(has, node_state::over);
  has.instance = x.hello.instance;
  has.epoch = (config->boot << 32) + ++epochs;
  has.session = self->spawn(node_session, config, peers, std::move(x),
                            has.epoch, has.draining, clock);
  self->monitor(has.session);
}

void node_registry_state::end_session(entry& x, node_state how) {
  if (!x.session)
    return;
  self->demonitor(x.session.address());
  self->send_exit(x.session, caf::exit_reason::user_shutdown);
  x.session = nullptr;
  x.epoch = 0;
  x.view.state = how;
  x.view.since = clock->now();
}

void node_registry_state::on_down(const caf::down_msg& down) {
  for (auto& [name_, x] : nodes)
    if (x.session && x.session.address() == down.source)
      end_session(x, node_state::over);
}

// -- what the daemon says -----------------------------------------------------

void node_registry_state::on_done(const std::string& node, bool by_peer) {
  if (auto i = nodes.find(node); i != nodes.end() && i->second.session)
    self->send(i->second.session, atom::done_v, by_peer);
}

namespace {

caf::error no_node(const std::string& node) {
  return make_error(ec::not_found, "no node '" + node + "'");
}

} // namespace

caf::error node_registry_state::on_expire(const std::string& node) {
  auto i = nodes.find(node);
  if (i == nodes.end())
    return no_node(node);
  end_session(i->second, node_state::over);
  return {};
}

caf::error node_registry_state::on_remove(const std::string& node) {
  if (auto e = on_expire(node))
    return e;
  nodes.erase(node);
  return {};
}

caf::typed_response_promise<node_view>
node_registry_state::on_drain(const std::string& node, bool wanted) {
  auto i = nodes.find(node);
  if (i == nodes.end() && wanted && nodes.size() < config->nodes_max) {
    i = nodes.emplace(node, entry{}).first;
    i->second.view.name = node;
  }
  if (i != nodes.end()) {
    i->second.draining = wanted;
    if (i->second.session)
      self->send(i->second.session, atom::drain_v, wanted);
  }
  return on_get(node);
}

caf::typed_response_promise<node_view>
node_registry_state::on_get(const std::string& node) {
  auto reply = self->make_response_promise<node_view>();
  auto i = nodes.find(node);
  if (i == nodes.end()) {
    reply.deliver(no_node(node));
    return reply;
  }
  auto stored = i->second.view;
  stored.draining = i->second.draining;
  if (!i->second.session) {
    reply.deliver(std::move(stored));
    return reply;
  }
  self->request(i->second.session, status_deadline, atom::get_v)
    .then([reply](node_view& x) mutable { reply.deliver(std::move(x)); },
          [reply, stored](const caf::error&) mutable {
            reply.deliver(std::move(stored));
          });
  return reply;
}

caf::typed_response_promise<std::vector<node_view>>
node_registry_state::on_list() {
  struct gathering {
    caf::typed_response_promise<std::vector<node_view>> reply;
    std::vector<node_view> found;
    size_t open = 1;

    void one_less() {
      if (--open == 0)
        reply.deliver(std::move(found));
    }
  };
  auto all = std::make_shared<gathering>();
  all->reply = self->make_response_promise<std::vector<node_view>>();
  for (const auto& [name_, x] : nodes) {
    const auto i = all->found.size();
    all->found.push_back(x.view);
    all->found.back().draining = x.draining;
    if (!x.session)
      continue;
    ++all->open;
    self->request(x.session, status_deadline, atom::get_v)
      .then(
        [all, i](node_view& y) {
          all->found[i] = std::move(y);
          all->one_less();
        },
        [all](const caf::error&) { all->one_less(); });
  }
  auto reply = all->reply;
  all->one_less();
  return reply;
}

actor_status node_registry_state::on_status() const {
  int64_t sessions = 0;
  for (const auto& [name_, x] : nodes)
    sessions += x.session ? 1 : 0;
  return {
    name,
    self->mailbox().size(),
    {{"nodes", static_cast<int64_t>(nodes.size())}, {"sessions", sessions}}};
}

caf::typed_response_promise<actor_status>
node_registry_state::on_status_tree() {
  status_gathering all{self->make_response_promise<actor_status>(),
                       on_status()};
  for (const auto& [name_, x] : nodes)
    if (x.session)
      all.ask(self, x.session);
  return all.finish();
}

namespace {

caf::result<void> answer(caf::error x) {
  return x ? caf::result<void>{std::move(x)} : caf::result<void>{caf::unit};
}

/// The name of a limit that is out of range, or null.
const char* name_broken_limit(const hub_nodes_config& x) {
  using std::chrono::milliseconds;
  const milliseconds none{0};
  if (x.boot == 0)
    return "boot";
  if (x.grace <= none || x.lease <= x.grace)
    return "lease, grace";
  if (x.renew <= none || x.renew >= x.lease - x.grace)
    return "renew";
  if (x.backlog_bytes_max == 0)
    return "backlog_bytes_max";
  if (x.return_grace <= none || x.resend_after <= none || x.ack_delay <= none
      || x.return_trips == 0)
    return "return_grace, return_trips, resend_after, ack_delay";
  if (x.stream.block_items_max == 0 || x.stream.block_bytes_max == 0
      || x.stream.block_bytes_max > x.wire.payload_bytes_max
      || x.stream.window_blocks == 0
      || x.stream.window_blocks > x.wire.window_max
      || x.stream.item_bytes_max == 0)
    return "stream";
  if (x.hellos_minute_max == 0 || x.pulses_renew_max == 0
      || x.slots_minute_max == 0 || x.claimed_bytes_max == 0)
    return "hellos_minute_max, pulses_renew_max, slots_minute_max, "
           "claimed_bytes_max";
  return x.nodes_max == 0 || x.refusals_logged_max == 0 ? "nodes_max" : nullptr;
}

} // namespace

node_registry_actor::behavior_type
node_registry(node_registry_actor::stateful_pointer<node_registry_state> self,
              std::shared_ptr<const hub_nodes_config> config,
              hub_nodes_peers peers, const wall_clock* clock) {
  if (const auto* name = name_broken_limit(*config)) {
    self->quit(make_error(ec::invalid_config,
                          std::string{"nodes: out of range: "} + name));
    return node_registry_actor::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  st.peers = std::move(peers);
  st.clock = clock;
  self->set_down_handler([&st](const caf::down_msg& x) { st.on_down(x); });
  return {
    [&st](atom::status) { return st.on_status(); },
    [&st](atom::list) { return st.on_list(); },
    [&st](atom::get, const std::string& node) { return st.on_get(node); },
    [&st](atom::drain, const std::string& node) {
      return st.on_drain(node, true);
    },
    [&st](atom::start, const std::string& node) {
      return st.on_drain(node, false);
    },
    [&st](atom::expire, const std::string& node) -> caf::result<void> {
      return answer(st.on_expire(node));
    },
    [&st](atom::remove, const std::string& node) -> caf::result<void> {
      return answer(st.on_remove(node));
    },
    [&st](atom::attach, arrival& x) {
      st.on_arrival(x, st.self->current_sender());
    },
    [&st](atom::done, const std::string& node, bool by_peer) {
      st.on_done(node, by_peer);
    },
    [&st](atom::status, atom::visit) { return st.on_status_tree(); },
  };
}

} // namespace quaero
