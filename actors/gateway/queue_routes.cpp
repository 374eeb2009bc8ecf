#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "definitions/json.hpp"
#include "definitions/time.hpp"

#include <algorithm>

namespace quaero {

namespace {

value number_or_null(const std::optional<uint64_t>& x) {
  return x ? value{*x} : value{};
}

value queue_json(const queue_info& x, timestamp now) {
  const bool waits = x.oldest != timestamp{};
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
    std::max(now - x.oldest, timestamp::duration{0}));
  return value::make_object(
    {{"name", x.name},
     {"paused", x.settings.paused},
     {"running_max", number_or_null(x.settings.running_max)},
     {"length_max", number_or_null(x.settings.length_max)},
     {"key_running_max", number_or_null(x.settings.key_running_max)},
     {"rate_max", number_or_null(x.settings.rate_max)},
     {"rate_period", format_duration(x.settings.rate_period)},
     {"ready", x.ready},
     {"delayed", x.delayed},
     {"running", x.running},
     {"oldest_at", waits ? value{to_rfc3339(x.oldest)} : value{}},
     {"oldest_age_ms", waits ? value{int64_t{age.count()}} : value{}}});
}

void reply_queue(const exchange_ptr& ex, const queue_info& x) {
  ex->reply(queue_json(x, system_wall_clock().now()));
}

void list_queues(const exchange_ptr& ex) {
  ex->ask<std::vector<queue_info>>(
    ex->actors().queue,
    [ex](const std::vector<queue_info>& all) {
      value::array out;
      const auto now = system_wall_clock().now();
      for (const auto& x : all)
        out.push_back(queue_json(x, now));
      ex->reply(value::make_object(
        {{"queues", std::move(out)}, {"count", uint64_t{all.size()}}}));
    },
    atom::queues_v);
}

void get_queue(const exchange_ptr& ex) {
  ex->ask<queue_info>(
    ex->actors().queue, [ex](const queue_info& x) { reply_queue(ex, x); },
    atom::queues_v, ex->params[0]);
}

void change(const exchange_ptr& ex, queue_change x) {
  ex->ask<queue_info>(
    ex->actors().queue, [ex](const queue_info& now) { reply_queue(ex, now); },
    atom::queues_v, std::move(x));
}

void pause_queue(const exchange_ptr& ex) {
  queue_change x;
  x.name = ex->params[0];
  x.paused = true;
  change(ex, std::move(x));
}

void resume_queue(const exchange_ptr& ex) {
  queue_change x;
  x.name = ex->params[0];
  x.create = false;
  x.paused = false;
  change(ex, std::move(x));
}

/// Reads one limit: a number of at least 1, or null for none.
std::string read_limit(const value& x,
                       std::optional<std::optional<uint64_t>>& out) {
  if (x.is_null()) {
    out.emplace();
    return {};
  }
  if (!x.is_int() || x.as_int() < 1)
    return "must be a whole number of at least 1, or null for none";
  out = static_cast<uint64_t>(x.as_int());
  return {};
}

std::string read_period(const value& x, queue_change& out) {
  std::chrono::nanoseconds period{};
  if (!x.is_string() || !parse_duration(x.as_string(), period))
    return "must be a duration, like \"1s\"";
  out.rate_period
    = std::chrono::duration_cast<std::chrono::milliseconds>(period);
  return {};
}

std::string read_member(const std::string& name, const value& x,
                        queue_change& out) {
  if (name == "running_max")
    return read_limit(x, out.running_max);
  if (name == "length_max")
    return read_limit(x, out.length_max);
  if (name == "key_running_max")
    return read_limit(x, out.key_running_max);
  if (name == "rate_max")
    return read_limit(x, out.rate_max);
  if (name == "rate_period")
    return read_period(x, out);
  if (name != "paused")
    return "there is no such member; there are paused, running_max, "
           "length_max, key_running_max, rate_max, rate_period";
  if (!x.is_bool())
    return "must be true or false";
  out.paused = x.as_bool();
  return {};
}

void put_queue(const exchange_ptr& ex) {
  value body;
  std::string error;
  std::vector<request_error> errors;
  queue_change x;
  x.name = ex->params[0];
  if (!parse_json(ex->request().body, body, error))
    errors.push_back({"", error});
  else if (!body.is_object())
    errors.push_back({"", "must be an object"});
  else
    for (const auto& [name, member] : body.as_object())
      if (auto rule = read_member(name, member, x); !rule.empty())
        errors.push_back({"/" + name, std::move(rule)});
  if (!errors.empty())
    return ex->reply(make_problem(errors));
  change(ex, std::move(x));
}

// -- worker types -------------------------------------------------------------

value type_json(const type_info& x) {
  return value::make_object({{"type", x.type},
                             {"pools", x.pools},
                             {"slots", x.slots},
                             {"slots_changed", x.changed},
                             {"busy", x.busy},
                             {"ready", x.ready}});
}

void list_types(const exchange_ptr& ex) {
  ex->ask<std::vector<type_info>>(
    ex->actors().queue,
    [ex](const std::vector<type_info>& all) {
      value::array out;
      for (const auto& x : all)
        out.push_back(type_json(x));
      ex->reply(value::make_object(
        {{"workers", std::move(out)}, {"count", uint64_t{all.size()}}}));
    },
    atom::list_v);
}

void put_type(const exchange_ptr& ex) {
  value body;
  if (!read_object(ex, {"slots"}, body))
    return;
  const auto* slots = body.find("slots");
  if (slots == nullptr || (!slots->is_null() && !slots->is_int()))
    return ex->reply(make_problem(
      400, "invalid_argument",
      "slots: must be a whole number, or null for the worker's own"));
  type_change x;
  x.type = ex->params[0];
  if (slots->is_int())
    x.slots = static_cast<uint32_t>(
      std::clamp<int64_t>(slots->as_int(), 0, int64_t{slots_max} + 1));
  ex->ask<type_info>(
    ex->actors().queue,
    [ex](const type_info& now) { ex->reply(type_json(now)); }, atom::put_v, x);
}

} // namespace

const std::vector<route>& queue_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/queues", list_queues},
    {"GET", "/api/queues/{name}", get_queue},
    {"PUT", "/api/queues/{name}", put_queue, access::operate},
    {"POST", "/api/queues/{name}/pause", pause_queue, access::operate},
    {"POST", "/api/queues/{name}/resume", resume_queue, access::operate},
    {"GET", "/api/workers", list_types},
    {"PUT", "/api/workers/{type}", put_type, access::operate},
  };
  return routes;
}

} // namespace quaero
