#include "actors/nodes/node_session.hpp"

#include "definitions/log.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace quaero {

node_session_state::~node_session_state() {
  for (const auto& x : workers)
    if (x.pool)
      caf::anon_send_exit(x.pool, caf::exit_reason::user_shutdown);
}

// -- connections --------------------------------------------------------------

void node_session_state::begin(arrival x, bool resumed) {
  who = std::move(x);
  link = caf::actor_cast<wire_link_actor>(who.link);
  self->monitor(link);
  ++connections;
  connected = true;
  clock_offset
    = clock->now() - timestamp{std::chrono::nanoseconds{who.hello.now}};
  view.state = node_state::connected;
  view.since = clock->now();
  view.address = who.address;
  view.build = who.hello.build;
  saw();
  wire_welcome_v1 hi;
  hi.protocol = view.protocol = wire_protocol;
  hi.build = config->build;
  hi.epoch = epoch;
  hi.resumed = resumed;
  hi.received = signalled = in.received();
  hi.granted = in.granted();
  hi.lease_ms = static_cast<uint32_t>((config->lease - config->grace).count());
  hi.renew_ms = static_cast<uint32_t>(config->renew.count());
  self->send(link, std::move(hi));
  pulses.emplace(config->pulses_renew_max, config->renew, self->clock().now());
  trip.said(0, self->clock().now(), true);
  log::info(resumed ? "node.resumed" : "node.joined",
            {{"node", who.node}, {"epoch", epoch}, {"build", view.build}});
}

void node_session_state::on_attach(arrival& x) {
  const auto received = x.hello.received;
  self->demonitor(link.address());
  begin(std::move(x), true);
  if (!out.on_signal(received, received + who.hello.window))
    return break_off("it has received what was never sent");
  resend();
  on_flush();
}

void node_session_state::on_down(const caf::down_msg& down) {
  if (down.source == link.address())
    on_lost();
}

void node_session_state::on_lost() {
  if (!std::exchange(connected, false))
    return;
  view.state = node_state::lost;
  view.since = clock->now();
}

void node_session_state::on_done(bool by_peer) {
  on_lost();
  if (by_peer)
    self->delayed_send(self, return_time(), atom::timeout_v, connections);
}

std::chrono::milliseconds node_session_state::return_time() const {
  const auto trips
    = std::chrono::ceil<std::chrono::milliseconds>(trip.shortest())
      * config->return_trips;
  return std::min(config->return_grace + trips, config->lease);
}

void node_session_state::on_timeout(uint64_t connection) {
  if (connected || connection != connections)
    return;
  log::warn("node.gone", {{"node", who.node}, {"jobs", leases.size()}});
  self->quit();
}

void node_session_state::on_wake() {
  const auto now = self->clock().now();
  // This process stood still: the node could not say anything, either.
  if (now > wake_at + config->lease / 3)
    seen_at = now;
  if (now - seen_at >= config->lease) {
    log::warn("node.lease_ran_out",
              {{"node", who.node}, {"jobs", leases.size()}});
    self->quit();
    return;
  }
  if (connected && out.owes() && out.acknowledged() == acknowledged)
    resend();
  acknowledged = out.acknowledged();
  wake_at = now + config->resend_after;
  self->delayed_send(self, config->resend_after, atom::wake_v);
}

/// It does not keep to the rules: nothing that it says can be believed.
void node_session_state::break_off(const std::string& why) {
  if (std::exchange(cut_off, true))
    return;
  log::error("node.broke_a_rule", {{"node", who.node}, {"why", why}});
  if (config->cut)
    config->cut(who.node, why);
  self->quit();
}

// -- what comes ---------------------------------------------------------------

bool node_session_state::is_from_link() const {
  return connected && self->current_sender() == link.address();
}

void node_session_state::saw() {
  seen_at = self->clock().now();
  view.last_seen = clock->now();
}

void node_session_state::on_block(const wire_block_v1& x) {
  if (!is_from_link() || x.epoch != epoch)
    return;
  if (auto why = check(x, config->wire); !why.empty())
    return break_off(why);
  if (!out.on_signal(x.received, x.granted))
    return break_off("it has received what was never sent");
  hear();
  take(x);
  flush();
}

void node_session_state::hear() {
  trip.heard(out.acknowledged(), self->clock().now());
}

void node_session_state::take(const wire_block_v1& x) {
  std::vector<sized_item> items;
  const auto verdict
    = in.take(x.number, x.payload, [&](std::string_view bytes) {
        items.push_back({read_item(bytes), bytes.size()});
      });
  if (verdict == stream_receiver::verdict::broken)
    return break_off("an item is too long");
  owe_signal();
  on_items(items);
}

void node_session_state::on_pulse(const wire_pulse_v1& x) {
  if (!is_from_link() || x.epoch != epoch)
    return;
  if (auto why = check(x, config->wire); !why.empty())
    return break_off(why);
  if (!out.on_signal(x.received, x.granted))
    return break_off("it has received what was never sent");
  hear();
  if (x.number != 0) {
    if (!pulses->take(self->clock().now()))
      return break_off("it sends pulses more often than pulses_renew_max, "
                       + std::to_string(config->pulses_renew_max));
    saw();
    for (const auto& type : x.alive)
      if (auto i = worker_of(type); i < workers.size() && workers[i].ready)
        self->send(workers[i].pool, atom::renew_v);
    send_signal(x.number);
  }
  flush();
}

// -- what goes ----------------------------------------------------------------

void node_session_state::push(std::string item) {
  if (!out.push(std::move(item)))
    return break_off("a job is too large to be sent");
  if (out.bytes() > config->backlog_bytes_max)
    return break_off("it does not take what it is sent");
  if (!std::exchange(flush_armed, true))
    self->send(self, atom::flush_v);
}

void node_session_state::on_flush() {
  flush_armed = false;
  if (connected)
    flush();
}

void node_session_state::flush() {
  out.flush([this](auto number, const auto& x) {
    trip.said(number, self->clock().now());
    send_block(number, x);
  });
}

void node_session_state::resend() {
  out.resend([this](auto number, const auto& x) {
    trip.repeated();
    send_block(number, x);
  });
}

void node_session_state::owe_signal() {
  owes_signal = true;
  if (in.received() - signalled >= (config->stream.window_blocks + 3) / 4)
    return send_signal(0);
  if (!std::exchange(signal_armed, true))
    self->delayed_send(self, config->ack_delay, atom::settle_v);
}

void node_session_state::on_settle() {
  signal_armed = false;
  if (owes_signal)
    send_signal(0);
}

void node_session_state::send_block(uint64_t number,
                                    const std::string& payload) {
  owes_signal = false;
  signalled = in.received();
  self->send(
    link, wire_block_v1{epoch, number, in.received(), in.granted(), payload});
}

void node_session_state::send_signal(uint64_t number) {
  if (!connected)
    return;
  owes_signal = false;
  signalled = in.received();
  self->send(link,
             wire_pulse_v1{epoch, in.received(), in.granted(), number, {}});
}

// -- the actor ----------------------------------------------------------------

node_session_impl::behavior_type
node_session(node_session_impl::stateful_pointer<node_session_state> self,
             std::shared_ptr<const hub_nodes_config> config,
             hub_nodes_peers peers, arrival arrived, uint64_t epoch,
             bool draining, const wall_clock* clock) {
  auto& st = self->state;
  st.config = std::move(config);
  st.peers = std::move(peers);
  st.clock = clock;
  st.epoch = st.view.epoch = epoch;
  st.draining = draining;
  st.out = stream_sender{st.config->stream};
  st.in = stream_receiver{st.config->stream};
  st.view.name = arrived.node;
  st.view.labels = arrived.hello.labels;
  for (const auto& x : arrived.hello.offers)
    st.workers.push_back({x, {}, 0, false, 0, {}});
  self->set_default_handler(caf::drop);
  self->set_down_handler([&st](const caf::down_msg& x) { st.on_down(x); });
  st.out.on_signal(0, arrived.hello.window);
  st.begin(std::move(arrived), false);
  st.wake_at = self->clock().now();
  st.on_wake();
  return {
    [&st](atom::status) { return st.on_status(); },
    [&st](atom::get) { return st.on_get(); },
    [&st](const wire_block_v1& x) { st.on_block(x); },
    [&st](const wire_pulse_v1& x) { st.on_pulse(x); },
    [&st](atom::attach, arrival& x) { st.on_attach(x); },
    [&st](atom::done, bool by_peer) { st.on_done(by_peer); },
    [&st](atom::drain, bool wanted) { st.on_drain(wanted); },
    [&st](atom::visit, const job_id& id, uint64_t number, bool ok,
          std::string& text) { st.on_answer(id, number, ok, std::move(text)); },
    [&st](atom::assign, const std::string& type, const job_block& x) {
      st.on_assign(type, x);
    },
    [&st](atom::cancel, const id_list& x) { st.on_cancel(x); },
    [&st](atom::expire, const std::string& type) { st.on_expire(type); },
    [&st](atom::attach, const std::string& type,
          const std::vector<loaded_job>& x) { st.on_kept(type, x); },
    [&st](atom::flush) { st.on_flush(); },
    [&st](atom::settle) { st.on_settle(); },
    [&st](atom::wake) { st.on_wake(); },
    [&st](atom::timeout, uint64_t x) { st.on_timeout(x); },
  };
}

} // namespace quaero
