#include "actors/gateway/pool_rows.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace quaero {

namespace {

// -- actors -------------------------------------------------------------------

value tree_json(const actor_status& x) {
  auto out = status_json(x);
  value::array below;
  for (const auto& one : x.below)
    below.push_back(tree_json(one));
  out.set("children", std::move(below));
  if (x.omitted > 0)
    out.set("omitted", x.omitted);
  return out;
}

void actors(const exchange_ptr& ex) {
  ex->ask<actor_status>(
    ex->actors().census,
    [ex](const actor_status& all) { ex->reply(tree_json(all)); },
    atom::status_v);
}

// -- metrics ------------------------------------------------------------------

using labels = std::vector<std::pair<std::string, std::string>>;
using samples = std::vector<gauge_sample>;

void add_gauge(samples& out, const char* name, const char* help, labels of,
               double val) {
  out.push_back({name, help, std::move(of), val});
}

double number(uint64_t x) {
  return static_cast<double>(x);
}

/// Queues as they are labelled: those beyond the limit of names are one.
std::map<std::string, queue_info> by_label(metrics& meter,
                                           const std::vector<queue_info>& all) {
  std::map<std::string, queue_info> out;
  for (const auto& x : all) {
    auto& to = out[meter.queue_label(x.name)];
    to.ready += x.ready;
    to.delayed += x.delayed;
    to.running += x.running;
    if (to.oldest == timestamp{}
        || (x.oldest != timestamp{} && x.oldest < to.oldest))
      to.oldest = x.oldest;
  }
  return out;
}

void add_queues(samples& out, const std::map<std::string, queue_info>& all,
                timestamp now) {
  for (const auto& [name, x] : all)
    for (const auto& [state, n] : {std::pair{"ready", x.ready},
                                   {"delayed", x.delayed},
                                   {"running", x.running}})
      add_gauge(out, "quaero_queue_depth", "Jobs in a queue, by state.",
                {{"queue", name}, {"state", state}}, number(n));
  for (const auto& [name, x] : all) {
    const auto since = x.oldest == timestamp{} ? now : x.oldest;
    const std::chrono::duration<double> age = now - since;
    add_gauge(out, "quaero_queue_oldest_age_seconds",
              "Since when the job waits that has waited longest.",
              {{"queue", name}}, std::max(age.count(), 0.0));
  }
}

void add_limiters(samples& out, metrics& meter,
                  const std::map<std::string, int64_t>& running_by_type,
                  const std::vector<queue_info>& queues) {
  auto add = [&](std::string which, double taken) {
    add_gauge(out, "quaero_limiter_in_use",
              "Jobs that run and count for a limit.",
              {{"limiter", std::move(which)}}, taken);
  };
  for (const auto& [type, running] : running_by_type)
    add("workers." + type + ".slots", static_cast<double>(running));
  for (const auto& x : queues)
    if (x.settings.running_max && meter.queue_label(x.name) == x.name)
      add("queues." + x.name + ".running_max", number(x.running));
}

void add_dead_letters(samples& out, const actor_status& collector) {
  for (auto why : all_failure_reasons())
    add_gauge(
      out, "quaero_dead_letters",
      "Jobs that failed for good and were not tried again.",
      {{"reason", to_string(why)}},
      static_cast<double>(number_of(collector, "dead_" + to_string(why))));
}

samples gauges(const gateway_context& context, const actor_status& queue,
               const std::vector<queue_info>& queues) {
  samples out;
  auto& meter = *context.config.meter;
  std::map<std::string, int64_t> running_by_type;
  for (const auto& x : pools_of(queue))
    running_by_type[x.type] += x.running;
  add_queues(out, by_label(meter, queues), context.config.clock->now());
  add_limiters(out, meter, running_by_type, queues);
  for (const auto& type : context.config.job_types)
    add_gauge(out, "quaero_worker_up",
              "Whether somebody runs jobs of that type.", {{"type", type}},
              number(running_by_type.count(type)));
  const auto open = context.count_connections();
  add_gauge(out, "quaero_ws_clients", "WebSocket clients that are connected.",
            {}, number(open.web_sockets));
  add_gauge(out, "quaero_http_connections", "Connections that are open.", {},
            number(open.all));
  return out;
}

void add_nodes(samples& out, const actor_status& nodes) {
  auto of = [&](const char* name) {
    return static_cast<double>(number_of(nodes, name));
  };
  add_gauge(out, "quaero_nodes_known", "Nodes that have joined.", {},
            of("known"));
  add_gauge(out, "quaero_nodes_connected", "Nodes that are connected.", {},
            of("connected"));
  add_gauge(out, "quaero_node_peers_waiting",
            "Connections that are not a node's yet.", {}, of("handshakes"));
  add_gauge(out, "quaero_node_peers_accepted",
            "Connections to the port of nodes, since the start.", {},
            of("accepted"));
  add_gauge(out, "quaero_node_peers_refused",
            "Of them those that were refused, since the start.", {},
            of("refused"));
}

void reply_metrics(const exchange_ptr& ex, const samples& now) {
  http_answer out;
  out.body = ex->context().config.meter->expose(now);
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.headers.emplace_back("Cache-Control", "no-store");
  ex->reply(std::move(out));
}

void add_nodes_and_reply(const exchange_ptr& ex, const samples& now) {
  if (!ex->actors().nodes)
    return reply_metrics(ex, now);
  ex->ask<actor_status>(
    ex->actors().nodes,
    [ex, now](const actor_status& nodes) {
      auto all = now;
      add_nodes(all, nodes);
      reply_metrics(ex, all);
    },
    atom::status_v);
}

void metrics_text(const exchange_ptr& ex) {
  ex->ask<actor_status>(
    ex->actors().queue,
    [ex](const actor_status& queue) {
      ex->ask<std::vector<queue_info>>(
        ex->actors().queue,
        [ex, queue](const std::vector<queue_info>& queues) {
          ex->ask<actor_status>(
            ex->actors().log_collector,
            [ex, now = gauges(ex->context(), queue, queues)](
              const actor_status& collector) {
              auto all = now;
              add_dead_letters(all, collector);
              add_nodes_and_reply(ex, all);
            },
            atom::status_v);
        },
        atom::queues_v);
    },
    atom::status_v, atom::visit_v);
}

} // namespace

const std::vector<route>& observe_routes() {
  static const std::vector<route> routes{
    {"GET", "/metrics", metrics_text, access::read},
    {"GET", "/api/actors", actors, access::read},
  };
  return routes;
}

} // namespace quaero
