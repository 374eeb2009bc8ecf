#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace quaero {

namespace {

constexpr std::string_view pool_suffix = "-pool";

// A pool as its status tells of it.
struct pool_row {
  std::string type;
  int64_t slots = 0;
  int64_t running = 0;
};

int64_t number_of(const actor_status& x, std::string_view name) {
  for (const auto& [key, number] : x.numbers)
    if (key == name)
      return number;
  return 0;
}

std::vector<pool_row> pools_of(const actor_status& queue) {
  std::vector<pool_row> out;
  for (const auto& x : queue.below) {
    if (!x.name.ends_with(pool_suffix))
      continue;
    out.push_back({x.name.substr(0, x.name.size() - pool_suffix.size()),
                   number_of(x, "slots"), number_of(x, "running")});
  }
  return out;
}

// -- actors and nodes ---------------------------------------------------------

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

value limit_json(const std::optional<uint64_t>& x) {
  return x ? value{*x} : value{};
}

value node_json(const gateway_context& context, const node_info& node,
                const actor_status& queue) {
  value::array workers;
  for (const auto& x : pools_of(queue))
    workers.push_back(value::make_object(
      {{"type", x.type}, {"slots", x.slots}, {"running", x.running}}));
  return value::make_object(
    {{"name", node.name},
     {"address", context.url},
     {"version", context.config.version},
     {"started_at", to_rfc3339(context.started_at)},
     {"running", node.running},
     {"running_max", limit_json(node.running_max)},
     {"workers", std::move(workers)},
     {"labels", value::make_object()},
     {"state", number_of(queue, "draining") != 0 ? "draining" : "ready"}});
}

void nodes(const exchange_ptr& ex) {
  ex->ask<actor_status>(
    ex->actors().queue,
    [ex](const actor_status& queue) {
      ex->ask<std::vector<node_info>>(
        ex->actors().queue,
        [ex, queue](const std::vector<node_info>& all) {
          value::array out;
          for (const auto& x : all)
            out.push_back(node_json(ex->context(), x, queue));
          ex->reply(value::make_object({{"nodes", std::move(out)}}));
        },
        atom::nodes_v);
    },
    atom::status_v, atom::visit_v);
}

void put_node(const exchange_ptr& ex) {
  value body;
  if (!read_object(ex, {"running_max"}, body))
    return;
  const auto* limit = body.find("running_max");
  if (limit == nullptr || (!limit->is_null() && !limit->is_int()))
    return ex->reply(
      make_problem(400, "invalid_argument",
                   "running_max: must be a whole number, or null for none"));
  node_change x;
  x.name = ex->params[0];
  if (limit->is_int())
    x.running_max = static_cast<uint64_t>(std::clamp<int64_t>(
      limit->as_int(), 0, static_cast<int64_t>(node_running_max) + 1));
  ex->ask<node_info>(
    ex->actors().queue,
    [ex](const node_info& now) {
      ex->reply(
        value::make_object({{"name", now.name},
                            {"running", now.running},
                            {"running_max", limit_json(now.running_max)}}));
    },
    atom::put_v, x);
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

void reply_metrics(const exchange_ptr& ex, const samples& now) {
  http_answer out;
  out.body = ex->context().config.meter->expose(now);
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.headers.emplace_back("Cache-Control", "no-store");
  ex->reply(std::move(out));
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
              reply_metrics(ex, all);
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
    {"GET", "/api/nodes", nodes, access::read},
    {"PUT", "/api/nodes/{name}", put_node, access::operate},
  };
  return routes;
}

} // namespace quaero
