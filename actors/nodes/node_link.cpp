#include "actors/nodes/node_link_state.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

using std::chrono::milliseconds;

// -- getting a connection -----------------------------------------------------

void node_link_state::lose(const std::string& why) {
  if (view.state == link_state::offline)
    return;
  if (is_online())
    log::warn("hub.lost", {{"why", why}});
  view.state = link_state::offline;
  view.reason = why;
  if (gate)
    self->demonitor(gate.address());
  if (session)
    self->demonitor(session.address());
  gate = nullptr;
  session = nullptr;
  // Full jitter: many nodes of one hub do not come at once.
  const auto most
    = std::min(config.retry_max, milliseconds{config.retry_min.count()
                                              << std::min(failures, 16u)});
  std::uniform_int_distribution<int64_t> wait{0, most.count()};
  ++failures;
  self->delayed_send(self, std::max(config.settle, milliseconds{wait(dice)}),
                     atom::retry_v);
}

void node_link_state::on_retry() {
  if (view.state != link_state::offline)
    return;
  view.state = link_state::dialing;
  ++tries;
  self->delayed_send(self, config.connect_timeout, atom::timeout_v, tries);
  config.connect();
}

void node_link_state::on_timeout(uint64_t number) {
  if (number != tries || is_online() || view.state == link_state::offline)
    return;
  config.disconnect("the hub does not answer");
  lose("the hub does not answer");
}

void node_link_state::on_gate(const caf::strong_actor_ptr& x) {
  if (view.state != link_state::dialing || !x)
    return;
  gate = caf::actor_cast<node_gate_actor>(x);
  self->monitor(gate);
  view.state = link_state::greeting;
  self->delayed_send(self, config.hello_timeout, atom::timeout_v, tries);
  say_hello();
}

void node_link_state::say_hello() {
  wire_hello_v1 x;
  x.protocol_min = config.protocol_min;
  x.protocol_max = config.protocol_max;
  x.build = config.build;
  x.schema = config.schema;
  x.node = config.node;
  x.instance = config.instance;
  x.epoch = view.epoch;
  x.received = in.received();
  x.window = config.stream.window_blocks;
  x.now = clock->now().time_since_epoch().count();
  x.labels = config.labels;
  for (const auto& y : pools)
    x.offers.push_back({y.offer.type, 1, y.offer.slots, y.offer.stores_starts});
  greeted_at = self->clock().now();
  self->send(gate, std::move(x));
}

void node_link_state::on_welcome(const wire_welcome_v1& x) {
  if (view.state != link_state::greeting
      || self->current_sender()->node() != gate.node())
    return;
  auto why = check(x, config.wire);
  if (why.empty() && x.protocol == 0)
    why = "the hub refuses: " + x.reason;
  if (!why.empty()) {
    log::error("hub.refused", {{"why", why}, {"hub", x.build}});
    failures = std::max(failures, 7u); // nothing that passes soon
    config.disconnect(why);
    return lose(why);
  }
  if (x.resumed && x.epoch != view.epoch) {
    config.disconnect("the lease ran out during the hello");
    return lose("the lease ran out during the hello");
  }
  session = caf::actor_cast<wire_session_actor>(self->current_sender());
  self->monitor(session);
  view.state = link_state::online;
  view.reason.clear();
  view.hub_build = x.build;
  failures = 0;
  lease = milliseconds{x.lease_ms};
  renew = milliseconds{x.renew_ms};
  confirmed_at = pulse_at = greeted_at;
  pulses.clear();
  if (!x.resumed)
    begin_epoch(x.epoch);
  log::info("hub.joined", {{"hub", x.build},
                           {"epoch", x.epoch},
                           {"resumed", x.resumed ? "yes" : "no"}});
  signalled = in.received();
  if (!out.on_signal(x.received, x.granted))
    return lose("the hub has received what was never sent");
  // The leases of its pools may be about to end at the hub.
  if (x.resumed)
    send_pulse();
  else
    pulse_at += renew;
  out.resend([this](auto number, const auto& y) { send_block(number, y); });
  on_flush();
  arm_wake();
  arm_lease();
}

void node_link_state::on_down(const caf::down_msg& down) {
  for (const auto& x : pools)
    if (down.source == x.handle.address())
      return self->quit(make_error(ec::shutting_down, "a worker pool ended"));
  const bool ended = session && down.source == session.address();
  if (!ended && !(gate && down.source == gate.address()))
    return;
  // The session may have ended with the connection there: then it goes on.
  if (ended)
    config.disconnect("the session ended");
  lose("the hub is gone");
}

void node_link_state::on_done(const std::string& why) {
  lose(why);
}

// -- lease --------------------------------------------------------------------

void node_link_state::arm_lease() {
  if (view.epoch == 0 || std::exchange(expire_armed, true))
    return;
  const auto left = confirmed_at + lease - self->clock().now();
  self->delayed_send(
    self, std::max(left, caf::actor_clock::duration_type{milliseconds{1}}),
    atom::expire_v);
}

void node_link_state::on_lease() {
  expire_armed = false;
  if (view.epoch == 0)
    return;
  if (self->clock().now() < confirmed_at + lease)
    return arm_lease();
  log::warn("hub.lease_ran_out", {{"jobs", jobs.size()}});
  stop_all();
  out.clear();
  in.clear();
  view.epoch = 0;
  if (view.state == link_state::online) {
    config.disconnect("the lease ran out");
    lose("the lease ran out");
  }
  check_drained();
}

void node_link_state::arm_wake() {
  if (std::exchange(wake_armed, true))
    return;
  const auto pulse
    = std::chrono::ceil<milliseconds>(pulse_at - self->clock().now());
  self->delayed_send(self,
                     std::clamp(pulse, milliseconds{1}, config.resend_after),
                     atom::wake_v);
}

void node_link_state::on_wake() {
  wake_armed = false;
  if (!is_online())
    return;
  if (out.owes() && out.acknowledged() == acknowledged)
    out.resend([this](auto number, const auto& x) { send_block(number, x); });
  acknowledged = out.acknowledged();
  if (self->clock().now() >= pulse_at)
    send_pulse();
  arm_wake();
}

void node_link_state::send_pulse() {
  const auto now = self->clock().now();
  pulse_at = now + renew;
  pulses.emplace_back(next_pulse, now);
  send_signal(next_pulse++, alive());
}

// -- what comes ---------------------------------------------------------------

bool node_link_state::is_from_session() const {
  return is_online() && self->current_sender() == session.address();
}

void node_link_state::on_block(const wire_block_v1& x) {
  if (!is_from_session() || x.epoch != view.epoch)
    return;
  std::vector<wire_item> items;
  auto why = check(x, config.wire);
  if (why.empty() && !out.on_signal(x.received, x.granted))
    why = "the hub has received what was never sent";
  if (why.empty() && in.take(x.number, x.payload, [&](std::string_view y) {
        items.push_back(read_item(y));
      }) == stream_receiver::verdict::broken)
    why = "an item of the hub is too long";
  if (!why.empty()) {
    config.disconnect(why);
    return lose(why);
  }
  owes_signal = true;
  if (in.received() - signalled >= (config.stream.window_blocks + 3) / 4)
    send_signal(0);
  else if (!std::exchange(signal_armed, true))
    self->delayed_send(self, config.ack_delay, atom::settle_v);
  on_items(items);
  on_flush();
  check_drained();
}

void node_link_state::on_pulse(const wire_pulse_v1& x) {
  if (!is_from_session() || x.epoch != view.epoch)
    return;
  if (!out.on_signal(x.received, x.granted)) {
    config.disconnect("the hub has received what was never sent");
    return lose("the hub has received what was never sent");
  }
  while (x.number != 0 && !pulses.empty() && pulses.front().first <= x.number) {
    confirmed_at = std::max(confirmed_at, pulses.front().second);
    pulses.pop_front();
  }
  on_flush();
  check_drained();
}

// -- what goes ----------------------------------------------------------------

void node_link_state::push(std::string item) {
  out.push(std::move(item));
  if (!std::exchange(flush_armed, true))
    self->send(self, atom::flush_v);
}

void node_link_state::on_flush() {
  flush_armed = false;
  if (is_online())
    out.flush([this](auto number, const auto& x) { send_block(number, x); });
}

void node_link_state::on_settle() {
  signal_armed = false;
  if (owes_signal)
    send_signal(0);
}

void node_link_state::send_block(uint64_t number, const std::string& payload) {
  owes_signal = false;
  signalled = in.received();
  self->send(session, wire_block_v1{view.epoch, number, in.received(),
                                    in.granted(), payload});
}

void node_link_state::send_signal(uint64_t number,
                                  std::vector<std::string> alive) {
  if (!is_online())
    return;
  owes_signal = false;
  signalled = in.received();
  self->send(session, wire_pulse_v1{view.epoch, in.received(), in.granted(),
                                    number, std::move(alive)});
}

// -- the actor ----------------------------------------------------------------

namespace {

const char* name_broken_limit(const node_link_config& x) {
  const milliseconds none{0};
  if (x.instance == 0 || x.node.empty())
    return "instance, node";
  if (!x.connect || !x.disconnect)
    return "connect, disconnect";
  if (x.retry_min <= none || x.retry_max < x.retry_min || x.settle <= none)
    return "retry_min, retry_max, settle";
  if (x.connect_timeout <= none || x.hello_timeout <= none
      || x.resend_after <= none || x.ack_delay <= none || x.alive_max <= none)
    return "a time";
  if (x.stream.block_items_max == 0 || x.stream.block_bytes_max == 0
      || x.stream.window_blocks == 0 || x.stream.item_bytes_max == 0
      || x.backlog_bytes_max == 0 || x.secrets_max == 0)
    return "stream, backlog_bytes_max, secrets_max";
  return nullptr;
}

} // namespace

node_link_impl::behavior_type
node_link(node_link_impl::stateful_pointer<node_link_state> self,
          node_link_config config, size_t pools_expected,
          std::shared_ptr<secret_table> secrets, const wall_clock* clock) {
  if (const auto* broken = name_broken_limit(config)) {
    self->quit(make_error(ec::invalid_config,
                          std::string{"node link: out of range: "} + broken));
    return node_link_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  if (st.config.schema.empty())
    st.config.schema = wire_schema();
  st.pools_expected = pools_expected;
  st.secrets = std::move(secrets);
  st.clock = clock;
  st.dice.seed(static_cast<uint32_t>(st.config.instance));
  st.out = stream_sender{st.config.stream};
  st.in = stream_receiver{st.config.stream};
  self->set_default_handler(caf::drop);
  self->set_down_handler([&st](const caf::down_msg& x) { st.on_down(x); });
  return {
    [&st](atom::status) { return st.on_status(); },
    [&st](atom::get) { return st.on_get(); },
    [&st](atom::attach, worker_pool_actor& pool, const pool_offer& x) {
      st.on_attach(std::move(pool), x);
    },
    [&st](atom::renew) { st.on_renew(st.self->current_sender()); },
    [&st](atom::report, report_block& x) { st.on_report(x); },
    [&st](atom::commit, const commit_ptr& x) { st.on_commit(*x); },
    [&st](atom::visit, job_question& x) { return st.on_question(x); },
    [&st](const wire_welcome_v1& x) { st.on_welcome(x); },
    [&st](const wire_block_v1& x) { st.on_block(x); },
    [&st](const wire_pulse_v1& x) { st.on_pulse(x); },
    [&st](atom::attach, const caf::strong_actor_ptr& x) { st.on_gate(x); },
    [&st](atom::done, const std::string& why) { st.on_done(why); },
    [&st](atom::drain) { return st.on_drain(); },
    [&st](atom::flush) { st.on_flush(); },
    [&st](atom::settle) { st.on_settle(); },
    [&st](atom::wake) { st.on_wake(); },
    [&st](atom::expire) { st.on_lease(); },
    [&st](atom::retry) { st.on_retry(); },
    [&st](atom::timeout, uint64_t x) { st.on_timeout(x); },
  };
}

} // namespace quaero
