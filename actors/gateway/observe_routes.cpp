#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <memory>
#include <unistd.h>

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

std::string host_name_of_machine() {
  char out[256] = {};
  if (::gethostname(out, sizeof(out) - 1) != 0)
    return "local";
  return out;
}

value node_json(const gateway_context& context, const actor_status& queue) {
  value::array workers;
  for (const auto& x : pools_of(queue))
    workers.push_back(value::make_object(
      {{"type", x.type}, {"slots", x.slots}, {"running", x.running}}));
  return value::make_object(
    {{"name", host_name_of_machine()},
     {"address", context.url},
     {"version", context.config.version},
     {"started_at", to_rfc3339(context.started_at)},
     {"workers", std::move(workers)},
     {"labels", value::make_object()},
     {"state", number_of(queue, "draining") != 0 ? "draining" : "ready"}});
}

void nodes(const exchange_ptr& ex) {
  ex->ask<actor_status>(
    ex->actors().queue,
    [ex](const actor_status& queue) {
      ex->reply(value::make_object(
        {{"nodes", value::make_array({node_json(ex->context(), queue)})}}));
    },
    atom::status_v, atom::visit_v);
}

// -- metrics ------------------------------------------------------------------

void add_gauge(std::vector<gauge_sample>& out, const char* name,
               const char* help,
               std::vector<std::pair<std::string, std::string>> labels,
               int64_t val) {
  out.push_back({name, help, std::move(labels), static_cast<double>(val)});
}

std::vector<gauge_sample> gauges(const gateway_context& context,
                                 const actor_status& queue) {
  std::vector<gauge_sample> out;
  const auto pools = pools_of(queue);
  const auto open = context.count_connections();
  for (const auto& x : pools)
    add_gauge(out, "quaero_limiter_in_use",
              "Of a limit: slots of a worker type that are taken.",
              {{"limiter", "workers." + x.type + ".slots"}}, x.running);
  for (const auto& x : pools)
    add_gauge(out, "quaero_worker_up",
              "Whether somebody runs jobs of that type.", {{"type", x.type}},
              1);
  add_gauge(out, "quaero_ws_clients", "WebSocket clients that are connected.",
            {}, static_cast<int64_t>(open.web_sockets));
  add_gauge(out, "quaero_http_connections", "Connections that are open.", {},
            static_cast<int64_t>(open.all));
  return out;
}

void metrics_text(const exchange_ptr& ex) {
  ex->ask<actor_status>(
    ex->actors().queue,
    [ex](const actor_status& queue) {
      const auto& context = ex->context();
      http_answer out;
      out.body = context.config.meter->expose(gauges(context, queue));
      out.content_type = "text/plain; version=0.0.4; charset=utf-8";
      out.headers.emplace_back("Cache-Control", "no-store");
      ex->reply(std::move(out));
    },
    atom::status_v, atom::visit_v);
}

} // namespace

const std::vector<route>& observe_routes() {
  static const std::vector<route> routes{
    {"GET", "/metrics", metrics_text, access::read},
    {"GET", "/api/actors", actors, access::read},
    {"GET", "/api/nodes", nodes, access::read},
  };
  return routes;
}

} // namespace quaero
