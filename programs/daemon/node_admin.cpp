#include "programs/daemon/node_admin.hpp"

#include "actors/ack.hpp"
#include "actors/deadlines.hpp"
#include "definitions/error.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

std::string list_of(const std::vector<std::string>& xs) {
  std::string out;
  for (const auto& x : xs)
    out += (out.empty() ? "" : ", ") + x;
  return out;
}

const node_view* find(const std::vector<node_view>& all,
                      const std::string& name) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const auto& x) { return x.name == name; });
  return at == all.end() ? nullptr : &*at;
}

std::string state_of(const known_node& known, const node_view* seen) {
  if (known.revoked_at != timestamp{})
    return "revoked";
  if (known.draining)
    return "draining";
  if (seen != nullptr && seen->state == node_state::connected)
    return "ready";
  return seen != nullptr && seen->state == node_state::refused ? "refused"
                                                               : "away";
}

node_row row_of(const known_node& known, const node_view* seen) {
  node_row out;
  out.name = known.name;
  out.state = state_of(known, seen);
  out.joined_at = known.joined_at;
  out.expires_at = known.expires_at;
  if (seen != nullptr) {
    out.connected = seen->state == node_state::connected;
    out.reason = seen->reason;
    out.version = seen->build;
    out.labels = seen->labels;
    out.finished = seen->reports;
    for (const auto& x : seen->workers)
      out.workers.push_back({x.type, x.slots, x.running});
  }
  if (out.connected) {
    out.address = seen->address;
    out.connected_at = seen->since;
  }
  if (out.workers.empty())
    for (const auto& x : known.workers)
      out.workers.push_back({x, 0, 0});
  return out;
}

node_row row_of(const known_invitation& x) {
  node_row out;
  out.name = x.node;
  out.state = "invited";
  out.expires_at = x.expires_at;
  for (const auto& type : x.workers)
    out.workers.push_back({type, 0, 0});
  return out;
}

bool is_not_found(const caf::error& x) {
  return x == ec::not_found;
}

} // namespace

caf::expected<node_invitation>
node_admin_state::on_invite(const node_wish& wish) {
  const auto port = tools.port->load();
  if (port == 0)
    return make_error(ec::shutting_down, "the daemon does not take nodes yet");
  for (const auto& x : wish.workers)
    if (std::find(tools.workers.begin(), tools.workers.end(), x)
        == tools.workers.end())
      return make_error(ec::invalid_argument,
                        "workers: '" + x
                          + "' is no worker type that runs on nodes; there are "
                          + list_of(tools.workers));
  auto token = tools.by->invite(wish.node, wish.workers);
  if (!token)
    return token.error();
  node_invitation out;
  out.node = wish.node;
  out.workers = wish.workers;
  out.token = *token;
  const bool is_v6 = tools.host.find(':') != tools.host.npos;
  out.hub = (is_v6 ? '[' + tools.host + ']' : tools.host) + ':'
            + std::to_string(port);
  for (const auto& x : tools.by->invited())
    if (x.node == wish.node)
      out.expires_at = x.expires_at;
  log::info("node.invited", {{"node", wish.node}});
  return out;
}

std::vector<node_row>
node_admin_state::rows(const std::vector<node_view>& seen) const {
  std::vector<node_row> out;
  const auto known = tools.by->nodes();
  for (const auto& x : known)
    out.push_back(row_of(x, find(seen, x.name)));
  for (const auto& x : tools.by->invited())
    if (std::none_of(known.begin(), known.end(), [&](const auto& y) {
          return y.name == x.node && y.revoked_at == timestamp{};
        })) {
      std::erase_if(out, [&](const auto& y) { return y.name == x.node; });
      out.push_back(row_of(x));
    }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

caf::typed_response_promise<std::vector<node_row>> node_admin_state::on_list() {
  auto reply = self->make_response_promise<std::vector<node_row>>();
  self->request(tools.registry, reader_deadline, atom::list_v)
    .then(
      [this, reply](const std::vector<node_view>& seen) mutable {
        reply.deliver(rows(seen));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

caf::typed_response_promise<node_row>
node_admin_state::on_drain(const std::string& node, bool on) {
  auto reply = self->make_response_promise<node_row>();
  if (auto e = tools.by->set_draining(node, on)) {
    reply.deliver(std::move(e));
    return reply;
  }
  auto done = [this, reply, node](const node_view* seen) mutable {
    const auto known = tools.by->nodes();
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](const auto& x) { return x.name == node; });
    if (at != known.end())
      reply.deliver(row_of(*at, seen));
    else
      reply.deliver(make_error(ec::not_found, "there is no node " + node));
  };
  // Who was not there since the start is told of when he comes.
  auto on_view = [done](const node_view& x) mutable { done(&x); };
  auto on_error = [done, reply](caf::error& e) mutable {
    if (is_not_found(e))
      done(nullptr);
    else
      reply.deliver(std::move(e));
  };
  if (on)
    self->request(tools.registry, reader_deadline, atom::drain_v, node)
      .then(on_view, on_error);
  else
    self->request(tools.registry, reader_deadline, atom::start_v, node)
      .then(on_view, on_error);
  return reply;
}

// First nobody can come as that node any more, then its epoch is over, and last
// the connection.
caf::typed_response_promise<void>
node_admin_state::on_remove(const std::string& node) {
  auto reply = self->make_response_promise<void>();
  if (auto e = tools.by->remove(node)) {
    reply.deliver(std::move(e));
    return reply;
  }
  log::info("node.removed", {{"node", node}});
  auto done = [this, reply, node]() mutable {
    tools.tunnel->cut(node, "it was removed");
    acknowledge(reply);
  };
  self->request(tools.registry, reader_deadline, atom::remove_v, node)
    .then(done, [done, reply](caf::error& e) mutable {
      if (is_not_found(e))
        done();
      else
        reply.deliver(std::move(e));
    });
  return reply;
}

actor_status node_admin_state::on_status() const {
  const auto counts = tools.tunnel->counts();
  auto number = [](uint64_t x) { return static_cast<int64_t>(x); };
  actor_status out;
  out.name = name;
  out.mailbox = self->mailbox().size();
  out.numbers = {{"known", number(tools.by->nodes().size())},
                 {"connected", number(counts.open)},
                 {"handshakes", number(counts.handshakes)},
                 {"accepted", number(counts.accepted)},
                 {"refused", number(counts.refused)},
                 {"accept_failures", number(counts.accept_failures)}};
  return out;
}

node_admin_actor::behavior_type
node_admin(node_admin_actor::stateful_pointer<node_admin_state> self,
           node_admin_tools tools) {
  self->state.tools = std::move(tools);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::create, const node_wish& x) {
      return self->state.on_invite(x);
    },
    [self](atom::list) { return self->state.on_list(); },
    [self](atom::drain, const std::string& node, bool on) {
      return self->state.on_drain(node, on);
    },
    [self](atom::remove, const std::string& node) {
      return self->state.on_remove(node);
    },
  };
}

} // namespace quaero
