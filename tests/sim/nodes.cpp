#include "tests/sim/world.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

/// A node whose line to the hub loses messages, repeats them, and brings them
/// late.
namespace quaero::sim {

namespace {

using std::chrono::milliseconds;

/// Hours pass here between two messages.
constexpr milliseconds lease = std::chrono::hours{24 * 40};
constexpr std::chrono::seconds resend_after{30};
constexpr milliseconds delay_max{5000};

struct line_state {
  caf::actor session;
};

template <class Message>
void pass(caf::event_based_actor* self, world& by, const caf::actor& to,
          const Message& x) {
  const bool good = by.far.lossless || by.over;
  if (!to || (!good && by.random.chance(by.how.loss_percent)))
    return;
  for (int n = !good && by.random.chance(by.how.loss_percent) ? 2 : 1; n > 0;
       --n) {
    if (!good && by.random.chance(by.how.loss_percent))
      self->delayed_send(to, milliseconds{by.random.from(1, delay_max.count())},
                         x);
    else
      self->send(to, x);
  }
}

caf::behavior run_line(caf::stateful_actor<line_state>* self, world* by,
                       node_gate_actor gate, caf::actor link) {
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->monitor(link);
  auto other = [=]() -> caf::actor {
    return self->current_sender() == link.address() ? self->state.session
                                                    : link;
  };
  return {
    [=](const wire_hello_v1& x) { self->send(gate, x); },
    [=](const wire_welcome_v1& x) {
      self->state.session = caf::actor_cast<caf::actor>(self->current_sender());
      self->monitor(self->state.session);
      self->send(link, x);
    },
    [=](const wire_block_v1& x) { pass(self, *by, other(), x); },
    [=](const wire_pulse_v1& x) { pass(self, *by, other(), x); },
  };
}

} // namespace

bool world::is_far(const std::string& type) const {
  return how.node && type == other_type;
}

void world::boot_node() {
  if (!how.node)
    return;
  hub_nodes_config config;
  config.boot = starts;
  config.lease = lease;
  config.resend_after = resend_after;
  far.hub = spawn_hub_nodes(
    sys, config, {rt->queue, rt->collector, rt->keys(), {}},
    [](const caf::strong_actor_ptr&) {
      return known_peer{"far", ""};
    },
    &clock);
  join_node();
}

/// A process of the node starts.
void world::join_node() {
  far.worker = std::make_shared<caf::actor>();
  node_link_config link;
  link.node = "far";
  link.instance = ++nodes_made;
  link.resend_after = resend_after;
  link.connect = [this] { connect_node(); };
  link.disconnect = [this](const std::string&) { cut_line(); };
  node_pools_config pool_config;
  pool_config.detach = false;
  far.side = spawn_node_side(
    sys, link, pool_config,
    [this](const worker_environment&) {
      return std::vector<worker_kind>{kind_of(other_type, far.worker)};
    },
    &clock);
}

void world::connect_node() {
  // A link whose end is on its way still asks.
  if (!far.side.link)
    return;
  const auto link = caf::actor_cast<caf::actor>(far.side.link);
  far.line = sys.spawn(run_line, this, far.hub.gate, link);
  caf::anon_send(far.side.link, atom::attach_v,
                 caf::actor_cast<caf::strong_actor_ptr>(far.line));
}

void world::cut_line() {
  if (!far.line)
    return;
  caf::anon_send_exit(far.line, caf::exit_reason::kill);
  far.line = nullptr;
  caf::anon_send(far.hub.registry, atom::done_v, std::string{"far"}, false);
}

/// The process ends and is removed. Another one may come later. What it has
/// said is late, comes twice, or is lost.
void world::lose_node() {
  if (!far.hub.registry)
    return;
  if (!far.side.link)
    return join_node();
  for (const auto& pool : far.side.pools)
    kill_now(caf::actor_cast<caf::actor>(pool));
  kill_worker_of(far.worker);
  kill_now(caf::actor_cast<caf::actor>(far.side.link));
  end_node_side(far.side);
  far.side = {};
  facts.on_reports_lost(other_type);
  if (random.chance(50))
    run_some(random.below(30));
  far.line = nullptr; // it ends with the link
  // Removed: how long a hub waits for one that is only gone depends on the
  // trips of its line, which take hours here.
  caf::anon_send(far.hub.registry, atom::remove_v, std::string{"far"});
}

void world::end_node() {
  if (!far.hub.registry)
    return;
  if (far.side.link)
    end_node_side(far.side);
  caf::anon_send_exit(far.hub.registry, caf::exit_reason::kill);
  if (far.line)
    caf::anon_send_exit(far.line, caf::exit_reason::kill);
  far = {};
}

void world::settle_line() {
  if (!far.hub.registry)
    return;
  far.lossless = true;
  for (int n = 0; n < 4 && !broken(); ++n) {
    rest();
    pass(resend_after + std::chrono::seconds{1});
  }
  far.settled = true;
  rest();
  far.settled = far.lossless = false;
}

} // namespace quaero::sim
