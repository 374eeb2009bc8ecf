#include "actors/gateway/event_stream.hpp"
#include "actors/gateway/live_socket.hpp"
#include "actors/gateway/router.hpp"

#include <charconv>
#include <memory>

namespace quaero {

namespace {

constexpr size_t first_lines = 100;
constexpr size_t service_lines_max = 500;
constexpr size_t job_lines_max = 5000;

/// Whether another live client may come; answers 503 if not.
bool may_enter(const exchange_ptr& ex) {
  const auto* live = ex->context().live;
  if (live && !live->is_full())
    return true;
  auto out = make_problem(
    503, "limit_reached",
    live ? "there are too many live clients; the limit is "
             + std::to_string(ex->context().config.live.clients_max)
         : "there are no live streams");
  out.headers.emplace_back("Retry-After", "5");
  ex->reply(std::move(out));
  return false;
}

void web_socket_route(const exchange_ptr& ex) {
  if (!may_enter(ex))
    return;
  auto* live = ex->context().live;
  ex->upgrade([live](std::shared_ptr<web_socket> socket) {
    live_socket::open(*live, std::move(socket));
  });
}

std::shared_ptr<answer_stream> open_events(const exchange_ptr& ex) {
  http_answer head;
  head.content_type = "text/event-stream";
  head.headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
  const auto retry = ex->context().config.live.retry_after.count();
  head.body = "retry: " + std::to_string(retry) + "\n\n";
  return ex->open_stream(std::move(head));
}

/// Where a client resumes: Last-Event-ID, which a browser sends by itself, or
/// `after`; UINT64_MAX if it says neither.
uint64_t read_position(const exchange_ptr& ex, query_reader& query) {
  std::string text{ex->request().field("last-event-id")};
  const char* name = "Last-Event-ID";
  if (text.empty()) {
    text = query.text("after");
    name = "after";
  }
  uint64_t out = UINT64_MAX;
  if (text.empty())
    return out;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()
      || out == UINT64_MAX) {
    query.refuse(name, "must be a whole number of at least 0");
    return UINT64_MAX;
  }
  return out;
}

void read_id(query_reader& query, const char* name, job_id& out) {
  const auto text = query.text(name);
  if (!text.empty() && !from_string(text, out))
    query.refuse(name, "must be a job id (a UUID)");
}

log_level read_level(query_reader& query) {
  auto out = log_level::info;
  const auto text = query.text("level");
  if (!text.empty() && !from_string(text, out))
    query.refuse("level", "must be one of error, warn, info, debug, all");
  return out;
}

void events_route(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  live_request wanted;
  read_id(query, "run", wanted.job);
  read_id(query, "step", wanted.step);
  wanted.level = read_level(query);
  for (const auto& name : query.list("types"))
    if (!add_type(name, wanted.types))
      query.refuse("types", "'" + name + "' is no type of message");
  wanted.after = read_position(ex, query);
  if (!wanted.job && wanted.step)
    query.refuse("step", "needs a run");
  if (!wanted.job && has(wanted.types, live_type::job_log))
    query.refuse("types", "job_log needs a run");
  if (!query.ok())
    return ex->reply(query.problem());
  if (!may_enter(ex))
    return;
  auto open = [ex, after = wanted.after](const live_filter& filter) {
    auto stream = open_events(ex);
    if (stream)
      std::make_shared<message_stream>(*ex->context().live, std::move(stream),
                                       filter, after)
        ->open();
  };
  if (!wanted.job)
    return open(filter_of(wanted));
  ex->ask<job_view>(
    ex->actors().reader,
    [open, wanted](job_view& job) { open(filter_of(wanted, job)); },
    atom::get_v, wanted.job);
}

void stream_service_log(const exchange_ptr& ex, query_reader& query) {
  const auto level = read_level(query);
  const auto lines = query.number("limit", first_lines, 1, service_lines_max);
  const auto after = read_position(ex, query);
  if (!query.ok())
    return ex->reply(query.problem());
  if (!may_enter(ex))
    return;
  auto stream = open_events(ex);
  if (stream)
    std::make_shared<service_stream>(*ex->context().live, std::move(stream),
                                     level, lines,
                                     after == UINT64_MAX ? 0 : after)
      ->open();
}

void stream_job_log(const exchange_ptr& ex, query_reader& query) {
  live_request wanted;
  read_id(query, "job_id", wanted.job);
  read_id(query, "step", wanted.step);
  wanted.level = read_level(query);
  wanted.types = numbered_types;
  wanted.after = read_position(ex, query);
  const auto lines = query.number("limit", first_lines, 1, job_lines_max);
  if (!wanted.job)
    query.refuse("job_id", "must be a job id (a UUID)");
  if (!query.ok())
    return ex->reply(query.problem());
  if (!may_enter(ex))
    return;
  ex->ask<job_view>(
    ex->actors().reader,
    [ex, wanted, lines](job_view& job) {
      auto filter = filter_of(wanted, job);
      filter.subject = wanted.job;
      std::optional<stream_tail> tail;
      if (wanted.after == UINT64_MAX)
        tail = stream_tail{filter.step, filter.job, wanted.level, lines};
      auto stream = open_events(ex);
      if (stream)
        std::make_shared<log_stream>(*ex->context().live, std::move(stream),
                                     wanted.job, filter, tail, wanted.after)
          ->open();
    },
    atom::get_v, wanted.job);
}

void log_stream_route(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  const auto scope
    = query.choice("scope", query.text("job_id").empty() ? "service" : "job",
                   {"service", "job"});
  if (!query.ok())
    return ex->reply(query.problem());
  if (scope == "job")
    stream_job_log(ex, query);
  else
    stream_service_log(ex, query);
}

} // namespace

const std::vector<route>& live_routes() {
  static const std::vector<route> routes{
    {"GET", "/ws", web_socket_route},
    {"GET", "/api/events", events_route},
    {"GET", "/api/logs/stream", log_stream_route},
  };
  return routes;
}

} // namespace quaero
