#include "programs/daemon/hub_side.hpp"

#include "actors/nodes/caf_end.hpp"
#include "actors/workers/registry.hpp"
#include "definitions/error.hpp"
#include "definitions/log.hpp"
#include "programs/daemon/node_admin.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <sstream>
#include <utility>

namespace quaero {

namespace {

std::chrono::milliseconds in_ms(std::chrono::nanoseconds x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x);
}

/// The parts of `nodes.listen`.
struct place {
  std::string address;
  uint16_t port = 0;
};

place listening_of(const settings& x) {
  place out;
  split_listen(x.nodes.listen, out.address, out.port);
  if (out.address == "localhost")
    out.address = "127.0.0.1";
  return out;
}

} // namespace

void use_remote_work(caf::actor_system_config& config) {
  use_nodes(config);
  add_node_messages(config);
}

tunnel_limits tunnel_limits_of(const settings& x) {
  tunnel_limits out;
  out.connections_max = x.nodes.nodes_max;
  out.handshakes_max = x.nodes.handshakes_max;
  out.handshake_timeout = in_ms(x.nodes.handshake_timeout);
  out.idle_timeout = in_ms(x.nodes.idle_timeout);
  out.processes_max = x.nodes.processes_max;
  return out;
}

std::vector<std::string> hub_hosts(const settings& x,
                                   const std::string& machine) {
  std::vector<std::string> out;
  std::istringstream words{x.nodes.hosts};
  for (std::string word; words >> word;)
    out.push_back(word);
  if (!out.empty())
    return out;
  const auto address = listening_of(x).address;
  const bool is_any = address == "0.0.0.0" || address == "::";
  return {is_any ? machine : address};
}

hub_side::hub_side(const settings& how, const std::string& machine)
  : settings_{how}, hosts_{hub_hosts(how, machine)} {}

hub_side::~hub_side() {
  stop();
  if (system_ == nullptr)
    return;
  caf::scoped_actor self{*system_};
  self->send_exit(nodes_.registry, caf::exit_reason::kill);
  self->wait_for(nodes_.registry);
}

std::string hub_side::open() {
  authority_config how;
  how.folder = settings_.data_dir + "/nodes";
  how.hosts = hosts_;
  how.nodes_max = settings_.nodes.nodes_max;
  std::string why;
  authority_ = authority::open(std::move(how), why);
  return why.empty() ? "" : "nodes: " + why;
}

void hub_side::spawn(caf::actor_system& system, runtime& rt,
                     std::shared_ptr<const storage::store> db, uint64_t boot,
                     const std::string& build) {
  system_ = &system;
  audit_ = rt.audit;
  hub_nodes_config how;
  how.build = build;
  how.boot = boot;
  how.lease = in_ms(settings_.queue.lease);
  how.grace = std::min(in_ms(settings_.nodes.lease_margin), how.lease / 4);
  how.return_grace = in_ms(settings_.nodes.return_grace);
  // One item of a stream may be as large as all that may wait on a line.
  how.backlog_bytes_max = 4 * (settings_.nodes.backlog_mib << 20);
  how.claimed_bytes_max = how.backlog_bytes_max;
  how.hellos_minute_max = settings_.nodes.hellos_minute_max;
  how.pulses_renew_max = settings_.nodes.pulses_renew_max;
  how.slots_minute_max = settings_.nodes.slots_minute_max;
  how.cut
    = [tunnel = tunnel_](const std::string& node, const std::string& why) {
        tunnel->cut(node, why);
      };
  how.renew = how.lease / 3;
  how.nodes_max = settings_.nodes.nodes_max;
  how.may_offer = [this](const std::string& node, const std::string& type) {
    return may_run(node, type);
  };
  nodes_ = spawn_hub_nodes(
    system, how,
    {rt.queue, rt.collector, rt.keys(), rt.questions,
     holders_in(std::move(db))},
    [peers
     = peers_](const caf::strong_actor_ptr& x) { return peers->identify(x); },
    &system_wall_clock());
  for (const auto& x : authority_->nodes())
    if (x.draining)
      caf::anon_send(nodes_.registry, atom::drain_v, x.name);
  node_admin_tools tools{authority_.get(), tunnel_.get(), nodes_.registry,
                         hosts_.front(),   &port_,        registered_types()};
  // It writes files.
  admin_ = system.spawn<caf::detached>(node_admin, std::move(tools));
}

std::string hub_side::listen() {
  const auto where = listening_of(settings_);
  hub_tunnel_config how;
  how.address = where.address;
  how.port = where.port;
  how.limits = tunnel_limits_of(settings_);
  how.types = node_message_types();
  how.on_open = [this](const std::string& node, const caf_node& process,
                       const std::string& address) {
    peers_->opened(process, {node, address});
  };
  how.on_close
    = [this](const std::string& node, const std::string&, bool by_peer) {
        peers_->closed(node);
        caf::anon_send(nodes_.registry, atom::done_v, node, by_peer);
      };
  how.on_join = [this](const std::string& node, const std::string& address) {
    on_join(node, address);
  };
  caf_end_limits limits;
  limits.backlog_bytes_max = settings_.nodes.backlog_mib << 20;
  auto port = tunnel_->start(std::move(how), *authority_,
                             make_hub_end(*system_, nodes_.gate, limits));
  if (!port)
    return "nodes.listen: " + message_of(port.error());
  port_ = *port;
  log::info("nodes.listening", {{"address", where.address},
                                {"port", *port},
                                {"host", hosts_.front()},
                                {"authority", authority_->fingerprint()}});
  return {};
}

// As it was invited: what it says itself is not what it may.
bool hub_side::may_run(const std::string& node, const std::string& type) const {
  const auto known = authority_->nodes();
  const auto at = std::find_if(known.begin(), known.end(),
                               [&](const auto& x) { return x.name == node; });
  return at != known.end()
         && std::any_of(
           at->workers.begin(), at->workers.end(),
           [&](const auto& worker) { return job_type_of(worker) == type; });
}

// What came by another way than HTTP is recorded, too.
void hub_side::on_join(const std::string& node,
                       const std::string& address) const {
  audit_record x;
  x.at = system_wall_clock().now();
  x.status = 200;
  x.caller = node;
  x.remote = address;
  x.method = "JOIN";
  x.path = "/api/nodes/" + node;
  caf::anon_send(audit_, atom::put_v, audit_block{{std::move(x)}});
}

void hub_side::stop() {
  tunnel_->stop();
  if (!admin_)
    return;
  caf::scoped_actor self{*system_};
  // It uses what goes with this object.
  self->send_exit(admin_, caf::exit_reason::kill);
  self->wait_for(admin_);
  admin_ = nullptr;
}

} // namespace quaero
