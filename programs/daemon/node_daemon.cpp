#include "programs/daemon/node_daemon.hpp"

#include "actors/nodes/caf_end.hpp"
#include "definitions/error.hpp"
#include "definitions/log.hpp"
#include "programs/daemon/built.hpp"
#include "programs/daemon/node_options.hpp"
#include "programs/daemon/workers_of.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace quaero {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours renewal_max{30 * 24};
constexpr std::chrono::minutes renewal_interval{30};

uint64_t random_number() {
  std::random_device source;
  uint64_t out = 0;
  while (out == 0)
    out = uint64_t{source()} << 32 | source();
  return out;
}

/// Of the kinds of this program those that the node was invited for.
worker_kinds only_of(worker_kinds all, std::vector<std::string> types) {
  return [all = std::move(all),
          types = std::move(types)](const worker_environment& x) {
    auto out = all(x);
    std::erase_if(out, [&](const worker_kind& kind) {
      return std::none_of(types.begin(), types.end(), [&](const auto& type) {
        return job_type_of(type) == kind.job_type;
      });
    });
    return out;
  };
}

std::string list_of(const std::vector<std::string>& xs) {
  std::string out;
  for (const auto& x : xs)
    out += (out.empty() ? "" : ",") + x;
  return out;
}

/// What the hub's TLS says of a certificate that will not be good again.
bool is_final(const std::string& why) {
  return why.find("alert certificate revoked") != why.npos
         || why.find("alert certificate expired") != why.npos;
}

} // namespace

bool is_renewal_due(timestamp from, timestamp until, timestamp now) {
  const auto third = std::max((until - from) / 3, timestamp::duration{0});
  return now >= until - std::min<timestamp::duration>(third, renewal_max);
}

/// Brings the gate, or why there is none, to the LINK, which may not be there
/// yet.
/// Threads: any.
class gate_route {
public:
  using gate = caf::expected<caf::strong_actor_ptr>;

  void take(gate x) {
    std::lock_guard lock{guard_};
    if (link_)
      return pass(std::move(x));
    early_ = std::make_unique<gate>(std::move(x));
  }

  void lead_to(node_link_actor link) {
    std::lock_guard lock{guard_};
    link_ = std::move(link);
    if (link_ && early_)
      pass(std::move(*std::exchange(early_, nullptr)));
  }

private:
  void pass(gate x) {
    if (x)
      caf::anon_send(link_, atom::attach_v, *x);
    else
      caf::anon_send(link_, atom::done_v, message_of(x.error()));
  }

  std::mutex guard_;
  node_link_actor link_;
  std::unique_ptr<gate> early_;
};

node_daemon::node_daemon(settings how, node_folder& folder)
  : settings_{std::move(how)}, folder_{folder},
    route_{std::make_shared<gate_route>()} {
  for (const auto& [type, n] : folder.record().slots)
    settings_.worker_slots[type] = n;
}

node_daemon::~node_daemon() {
  {
    std::lock_guard lock{guard_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (keeper_.joinable())
    keeper_.join();
  route_->lead_to({});
  tunnel_.stop();
  if (side_.link)
    end_node_side(side_);
  side_ = {};
  system_.reset(); // waits until every actor is gone
}

std::string node_daemon::start() {
  const auto& record = folder_.record();
  name_ = record.node;
  if (!read_hub(record.hub, hub_))
    return folder_.path() + "/node.json: '" + record.hub + "' is no HOST:PORT";
  config_ = std::make_unique<system_config>(settings_.actor_threads, true);
  system_ = std::make_unique<caf::actor_system>(*config_);
  if (auto why = start_tunnel(); !why.empty())
    return why;
  if (auto why = spawn_pools(); !why.empty())
    return why;
  keeper_ = std::thread{[this] { keep_certificate(); }};
  log::info("node.started", {{"node", record.node},
                             {"hub", record.hub},
                             {"workers", list_of(record.workers)},
                             {"labels", list_of(record.labels)},
                             {"folder", folder_.path()}});
  return {};
}

std::string node_daemon::start_tunnel() {
  const auto& record = folder_.record();
  node_tunnel_config how;
  how.hub = hub_;
  how.own = record.own;
  how.authority = record.authority;
  how.limits.handshake_timeout
    = std::chrono::duration_cast<std::chrono::milliseconds>(
      settings_.nodes.handshake_timeout);
  how.limits.idle_timeout
    = std::chrono::duration_cast<std::chrono::milliseconds>(
      settings_.nodes.idle_timeout);
  how.types = node_message_types();
  caf_end_limits limits;
  limits.backlog_bytes_max = settings_.nodes.backlog_mib << 20;
  auto end = make_node_end(
    *system_, system_->message_types(node_gate_actor{}),
    [route = route_](gate_route::gate x) { route->take(std::move(x)); },
    limits);
  return tunnel_.start(std::move(how), std::move(end));
}

std::string node_daemon::spawn_pools() {
  const auto& record = folder_.record();
  node_link_config how;
  how.node = record.node;
  how.build = built().version;
  how.labels = record.labels;
  how.instance = random_number();
  how.backlog_bytes_max = settings_.nodes.backlog_mib << 20;
  how.connect = [this] { connect(); };
  how.disconnect = [this](const std::string& why) {
    ++calls_;
    tunnel_.close(why);
  };
  side_ = spawn_node_side(
    *system_, std::move(how), {},
    only_of(registered_workers(workers_of(settings_)), record.workers),
    &clock_);
  route_->lead_to(side_.link);
  return side_.pools.empty()
           ? "this program has none of the worker types that the node was "
             "invited for: "
               + list_of(record.workers)
           : "";
}

// -- the connection -----------------------------------------------------------

// The LINK tells of connections that were there; of the others nobody would.
// What ends because the LINK gave it up is no end of what it asks for next.
void node_daemon::connect() {
  auto was_open = std::make_shared<std::atomic<bool>>(false);
  const auto call = ++calls_;
  tunnel_.connect(
    [was_open] { *was_open = true; },
    [this, was_open, call](const std::string& why) {
      if (!*was_open && !stopping_)
        log::warn("hub.unreachable",
                  {{"host", hub_.host}, {"port", hub_.port}, {"why", why}});
      if (call == calls_)
        on_closed(why);
    });
}

void node_daemon::on_closed(const std::string& why) {
  if (is_final(why))
    return end("the hub does not know this node any more (" + why
               + "); to join again: quaero nodes invite " + name_);
  route_->take(make_error(ec::limit_reached, why));
}

void node_daemon::end(const std::string& why) {
  if (ended_.exchange(true))
    return;
  log::error("node.refused", {{"reason", why}});
  if (on_end_)
    on_end_(why);
}

// -- the certificate ----------------------------------------------------------

void node_daemon::keep_certificate() {
  std::unique_lock lock{guard_};
  while (!stopping_ && !ended_) {
    lock.unlock();
    renew();
    lock.lock();
    changed_.wait_for(lock, renewal_interval,
                      [this] { return stopping_.load(); });
  }
}

void node_daemon::renew() {
  auto next = folder_.record();
  certificate_facts facts;
  const auto now = system_wall_clock().now();
  if (!read_facts(next.own.certificate, facts)
      || !is_renewal_due(facts.from, facts.until, now))
    return;
  if (facts.until <= now)
    return end(
      "the node's certificate was good until " + to_rfc3339(facts.until)
      + ", and the clock here says " + to_rfc3339(now)
      + "; if that is right, join again: quaero nodes invite " + next.node);
  const auto key = make_key();
  auto issued = renew_certificate(hub_, next.own, next.authority, key);
  if (!issued)
    return log::warn("node.certificate_not_renewed",
                     {{"error", message_of(issued.error())},
                      {"expires_at", to_rfc3339(facts.until)}});
  next.own = {issued->certificate, key};
  next.workers = issued->workers;
  next.expires_at = issued->expires_at;
  const auto own = next.own;
  if (auto why = folder_.store(std::move(next)); !why.empty())
    return log::error("node.certificate_not_stored", {{"error", why}});
  tunnel_.renew(own);
  log::info("node.certificate_renewed",
            {{"expires_at", to_rfc3339(issued->expires_at)}});
}

// -- the end ------------------------------------------------------------------

bool node_daemon::stop() {
  {
    std::lock_guard lock{guard_};
    stopping_ = true;
    changed_.notify_all();
  }
  log::info("node.stopping", {});
  bool idle = ended_;
  if (!ended_) {
    caf::scoped_actor self{*system_};
    self
      ->request(side_.link, caf::timespan{settings_.drain_timeout},
                atom::drain_v)
      .receive([&] { idle = true; }, [](const caf::error&) {});
  }
  log::info("node.stopped", {{"idle", idle}});
  return idle;
}

} // namespace quaero
