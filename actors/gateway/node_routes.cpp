// The machines that work: the hub itself, and those that have joined it.

#include "actors/gateway/pool_rows.hpp"
#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "definitions/node_weight.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quaero {

namespace {

value limit_json(const std::optional<uint64_t>& x) {
  return x ? value{*x} : value{};
}

value time_or_null(timestamp x) {
  return x == timestamp{} ? value{} : value{to_rfc3339(x)};
}

value strings_json(const std::vector<std::string>& xs) {
  value::array out;
  for (const auto& x : xs)
    out.emplace_back(x);
  return out;
}

/// What the QUEUE knows of nodes, by name.
using node_infos = std::map<std::string, node_info>;

node_infos by_name(const std::vector<node_info>& all) {
  node_infos out;
  for (const auto& x : all)
    out.emplace(x.name, x);
  return out;
}

// They are a setting: of this machine nobody else knows them.
std::vector<std::string> hub_labels(const gateway_context& context) {
  std::vector<std::string> out;
  const auto text = context.config.settings.get_string("nodes.labels");
  for (size_t at = 0; text && at <= text->size();) {
    const auto end = std::min(text->find(',', at), text->size());
    if (end > at)
      out.emplace_back(text->substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// The pools of the hub itself: of all pools those that are no node's.
value hub_json(const gateway_context& context, const node_info& hub,
               const actor_status& queue) {
  value::array workers;
  for (const auto& x : pools_of(queue))
    if (x.node.empty())
      workers.push_back(value::make_object(
        {{"type", x.type}, {"slots", x.slots}, {"running", x.running}}));
  const bool draining = number_of(queue, "draining") != 0;
  const auto labels = hub_labels(context);
  return value::make_object({{"name", hub.name},
                             {"hub", true},
                             {"state", draining ? "draining" : "ready"},
                             {"reason", ""},
                             {"connected", true},
                             {"address", context.url},
                             {"version", context.config.version},
                             {"started_at", to_rfc3339(context.started_at)},
                             {"joined_at", value{}},
                             {"expires_at", value{}},
                             {"finished", value{}},
                             {"running", hub.running},
                             {"running_max", limit_json(hub.running_max)},
                             {"workers", std::move(workers)},
                             {"labels", strings_json(labels)},
                             {"weight", weight_of(labels)}});
}

value node_json(const node_row& x, const node_infos& known) {
  value::array workers;
  uint64_t running = 0;
  for (const auto& one : x.workers) {
    running += one.running;
    workers.push_back(value::make_object(
      {{"type", one.type}, {"slots", one.slots}, {"running", one.running}}));
  }
  const auto info = known.find(x.name);
  const bool found = info != known.end();
  return value::make_object(
    {{"name", x.name},
     {"hub", false},
     {"state", x.state},
     {"reason", x.reason},
     {"connected", x.connected},
     {"address", x.address},
     {"version", x.version},
     {"started_at", time_or_null(x.connected_at)},
     {"joined_at", time_or_null(x.joined_at)},
     {"expires_at", time_or_null(x.expires_at)},
     {"finished", x.finished},
     {"running", found ? info->second.running : running},
     {"running_max", found ? limit_json(info->second.running_max) : value{}},
     {"workers", std::move(workers)},
     {"labels", strings_json(x.labels)},
     {"weight", weight_of(x.labels)}});
}

void reply_nodes(const exchange_ptr& ex, const actor_status& queue,
                 const node_infos& known, const std::vector<node_row>& nodes) {
  value::array out;
  const auto& hub = ex->context().config.node;
  for (const auto& [name, x] : known)
    if (hub.empty() || name == hub)
      out.push_back(hub_json(ex->context(), x, queue));
  for (const auto& x : nodes)
    out.push_back(node_json(x, known));
  ex->reply(value::make_object({{"nodes", std::move(out)}}));
}

void list_nodes(const exchange_ptr& ex) {
  ex->ask<actor_status>(
    ex->actors().queue,
    [ex](const actor_status& queue) {
      ex->ask<std::vector<node_info>>(
        ex->actors().queue,
        [ex, queue](const std::vector<node_info>& all) {
          const auto known = by_name(all);
          if (!ex->actors().nodes)
            return reply_nodes(ex, queue, known, {});
          ex->ask<std::vector<node_row>>(
            ex->actors().nodes,
            [ex, queue, known](const std::vector<node_row>& nodes) {
              reply_nodes(ex, queue, known, nodes);
            },
            atom::list_v);
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

// -- joining ------------------------------------------------------------------

// Answers 400 if no node can ever connect.
bool takes_nodes(const exchange_ptr& ex) {
  if (ex->actors().nodes)
    return true;
  ex->reply(
    make_problem(400, "wrong_state",
                 "this daemon takes no nodes; set nodes.listen, for example "
                 "\"0.0.0.0:8086\", and start it again"));
  return false;
}

void invite(const exchange_ptr& ex) {
  value body;
  if (!read_object(ex, {"name", "workers"}, body) || !takes_nodes(ex))
    return;
  auto refuse = [&](const char* why) {
    ex->reply(make_problem(400, "invalid_argument", why));
  };
  const auto name = body.get_string("name");
  if (!name)
    return refuse("name: must be a string");
  auto workers = body.get_strings("workers");
  if (!workers)
    return refuse("workers: must be an array of worker types");
  ex->ask<node_invitation>(
    ex->actors().nodes,
    [ex](const node_invitation& x) {
      auto out = value::make_object(
        {{"name", x.node},
         {"workers", strings_json(x.workers)},
         {"hub", x.hub},
         {"token", x.token},
         {"expires_at", to_rfc3339(x.expires_at)},
         {"command", "quaerod --join " + x.hub + " --token " + x.token}});
      ex->reply(json_answer(out, 201));
    },
    atom::create_v, node_wish{*name, std::move(*workers)});
}

// Who is the hub is no node, and says so.
bool names_a_node(const exchange_ptr& ex) {
  if (ex->params[0] != ex->context().config.node)
    return takes_nodes(ex);
  ex->reply(make_problem(400, "invalid_argument",
                         "name: '" + ex->params[0]
                           + "' is this machine, the hub; its jobs are limited "
                             "with running_max"));
  return false;
}

void drain(const exchange_ptr& ex, bool on) {
  if (!names_a_node(ex))
    return;
  ex->ask<node_row>(
    ex->actors().nodes,
    [ex](const node_row& x) { ex->reply(node_json(x, {})); }, atom::drain_v,
    ex->params[0], on);
}

void drain_node(const exchange_ptr& ex) {
  drain(ex, true);
}

void resume_node(const exchange_ptr& ex) {
  drain(ex, false);
}

void remove_node(const exchange_ptr& ex) {
  if (!names_a_node(ex))
    return;
  ex->ask<void>(
    ex->actors().nodes,
    [ex] {
      ex->reply({204, "", "", {}});
    },
    atom::remove_v, ex->params[0]);
}

} // namespace

const std::vector<route>& node_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/nodes", list_nodes, access::read},
    {"POST", "/api/nodes/invitations", invite, access::admin},
    {"PUT", "/api/nodes/{name}", put_node, access::operate},
    {"DELETE", "/api/nodes/{name}", remove_node, access::admin},
    {"POST", "/api/nodes/{name}/drain", drain_node, access::operate},
    {"POST", "/api/nodes/{name}/resume", resume_node, access::operate},
  };
  return routes;
}

} // namespace quaero
