#include "tests/nodes/link_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <algorithm>

namespace quaero::test {

namespace {

using std::chrono::milliseconds;

/// What a line has of the world; outlives it.
struct ends {
  test_node* node;
  node_gate_actor gate;
  caf::actor link;
  caf::actor session;
};

struct line_state {
  std::shared_ptr<ends> to;
};

template <class Message>
void pass(caf::event_based_actor* self, test_node& node, const caf::actor& to,
          const Message& x) {
  auto happens = [&](double share) {
    return std::uniform_real_distribution<>{0, 1}(node.dice) < share;
  };
  if (!to || node.rules.mute || happens(node.rules.drop))
    return;
  const int times = happens(node.rules.repeat) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    std::uniform_int_distribution<int64_t> wait{
      node.rules.delay_min.count(),
      std::max(node.rules.delay_min, node.rules.delay_max).count()};
    const milliseconds delay{wait(node.dice)};
    if (delay.count() == 0)
      self->send(to, x);
    else
      self->delayed_send(to, delay, x);
  }
}

caf::behavior run_line(caf::stateful_actor<line_state>* self,
                       std::shared_ptr<ends> to) {
  self->state.to = to;
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->monitor(to->link);
  auto other = [self, to] {
    return self->current_sender() == to->link.address() ? to->session
                                                        : to->link;
  };
  return {
    [=](const wire_hello_v1& x) { self->send(to->gate, x); },
    [=](const wire_welcome_v1& x) {
      if (x.protocol != 0) {
        to->session = caf::actor_cast<caf::actor>(self->current_sender());
        self->monitor(to->session);
      }
      self->send(to->link, x);
    },
    [=](const wire_block_v1& x) {
      to->node->payload_bytes += x.payload.size();
      pass(self, *to->node, other(), x);
    },
    [=](const wire_pulse_v1& x) { pass(self, *to->node, other(), x); },
  };
}

} // namespace

link_fixture::link_fixture() {
  settings.queue.claim_grace = settings.queue.lease;
  hub_config.build = "hub-test";
  hub_config.resend_after = std::chrono::seconds{2};
}

link_fixture::~link_fixture() {
  for (auto& x : nodes)
    kill_node(x);
  crash_hub();
}

// -- the hub ------------------------------------------------------------------

void link_fixture::start_hub() {
  BOOST_REQUIRE(runtime_fixture::start());
  hub_config.boot = boot;
  hub_config.cut = [this](const std::string& node, const std::string& why) {
    cut_off.push_back(node + ": " + why);
  };
  auto identify
    = [this](const caf::strong_actor_ptr& x) -> std::optional<known_peer> {
    for (const auto& node : nodes)
      if (node.line && node.line.address() == x)
        return known_peer{node.name, "10.0.0.1", node.connection};
    return {};
  };
  hub = spawn_hub_nodes(
    sys, hub_config,
    {rt->queue, rt->collector, rt->keys(), questions, holders_in(db)}, identify,
    &clock);
  settle();
}

void link_fixture::crash_hub() {
  // First the database: a process that dies stores nothing of its end.
  crash();
  if (hub.registry)
    caf::anon_send_exit(hub.registry, caf::exit_reason::kill);
  hub = {};
  for (auto& x : nodes)
    cut(x, false);
  settle();
}

void link_fixture::restart_hub() {
  crash_hub();
  start_hub();
}

// -- nodes --------------------------------------------------------------------

test_node& link_fixture::make_node(const std::string& name) {
  auto& x = nodes.emplace_back(name, sched);
  x.config.node = name;
  x.config.build = "node-test";
  x.config.resend_after = std::chrono::seconds{2};
  x.config.instance = nodes.size();
  x.config.connect = [this, &x] { connect(x); };
  x.config.disconnect = [this, &x](const std::string&) {
    if (x.line)
      caf::anon_send_exit(x.line, caf::exit_reason::kill);
  };
  return x;
}

test_node& link_fixture::add_node(const std::string& name) {
  auto& x = make_node(name);
  start_node(x);
  return x;
}

void link_fixture::start_node(test_node& x) {
  node_pools_config pools;
  pools.detach = false;
  x.side = spawn_node_side(
    sys, x.config, pools,
    [this, &x](const worker_environment& env) {
      x.hub = env.hub;
      return kinds_of(x);
    },
    &x.clock);
  settle();
}

void link_fixture::kill_node(test_node& x) {
  end_node_side(x.side);
  x.held.clear();
  settle();
  x.held.clear();
  x.side = {};
  if (hub.registry)
    tell(hub.registry, atom::done_v, x.name, true);
}

void link_fixture::connect(test_node& x) {
  ++x.connects;
  x.connection = ++connections_;
  if (!x.reachable || !hub.gate) {
    caf::anon_send(x.side.link, atom::done_v, std::string{"unreachable"});
    return;
  }
  auto to = std::make_shared<ends>();
  to->node = &x;
  to->gate = hub.gate;
  to->link = caf::actor_cast<caf::actor>(x.side.link);
  x.line = sys.spawn(run_line, to);
  caf::anon_send(x.side.link, atom::attach_v,
                 caf::actor_cast<caf::strong_actor_ptr>(x.line));
}

void link_fixture::cut(test_node& x, bool by_peer) {
  if (!x.line)
    return;
  caf::anon_send_exit(x.line, caf::exit_reason::kill);
  x.line = nullptr;
  if (hub.registry)
    caf::anon_send(hub.registry, atom::done_v, x.name, by_peer);
  settle();
}

std::vector<worker_kind> link_fixture::kinds_of(test_node& x) {
  worker_kind single;
  single.job_type = "t";
  single.slots = x.slots;
  single.spawn_worker = [this, &x]() -> job_worker_actor {
    return sys.spawn(
      [&x](job_worker_actor::pointer self) -> job_worker_actor::behavior_type {
        return {[&x, self](atom::execute, const job_context_ptr& context) {
          auto reply = self->make_response_promise<job_outcome>();
          ++x.executed;
          auto outcome = x.execute ? x.execute(*context)
                                   : std::optional<job_outcome>{job_outcome{}};
          if (outcome)
            reply.deliver(std::move(*outcome));
          else
            x.held.push_back({context, {self, reply}});
          return reply;
        }};
      });
  };
  worker_kind blocks;
  blocks.job_type = "b";
  blocks.slots = 1000;
  blocks.spawn_block_worker = [this, &x]() -> block_worker_actor {
    return sys.spawn(
      [&x](block_worker_actor::pointer) -> block_worker_actor::behavior_type {
        return {[&x](atom::execute, const job_block& block) {
          x.blocks.push_back(block.jobs.size());
          return std::vector<job_outcome>(block.jobs.size());
        }};
      });
  };
  return {single, blocks};
}

size_t link_fixture::release(test_node& x, job_outcome outcome) {
  auto all = std::exchange(x.held, {});
  for (auto& one : all)
    one.reply.deliver(outcome);
  settle();
  return all.size();
}

// -- jobs ---------------------------------------------------------------------

std::vector<job_id> link_fixture::enqueue(std::vector<new_job> jobs) {
  auto order = std::make_shared<enqueue_order>();
  order->jobs = std::move(jobs);
  auto done = ask<enqueued>(rt->jobs, atom::enqueue_v, order);
  BOOST_REQUIRE_MESSAGE(done.ok(), message_of(done.error));
  return done.value.ids;
}

std::vector<job_id> link_fixture::enqueue(size_t n, const std::string& type) {
  return enqueue(make_new_jobs(n, "job-", type));
}

void link_fixture::run_for(milliseconds x, milliseconds step) {
  for (milliseconds done{0}; done < x; done += step)
    advance(step);
}

node_view link_fixture::node(const std::string& name) {
  auto out = ask<node_view>(hub.registry, atom::get_v, name);
  return out.ok() ? out.value : node_view{};
}

link_view link_fixture::link(const test_node& x) {
  return ask<link_view>(x.side.link, atom::get_v).value;
}

size_t link_fixture::count(const std::vector<job_id>& ids,
                           job_status wanted) const {
  return static_cast<size_t>(
    std::count_if(ids.begin(), ids.end(),
                  [&](const job_id& id) { return status(id) == wanted; }));
}

uint64_t link_fixture::attempts(const job_id& id) const {
  return view(id).state.attempt;
}

} // namespace quaero::test
