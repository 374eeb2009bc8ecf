#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <memory>

namespace quaero {

namespace {

void health(const exchange_ptr& ex) {
  ex->reply(value::make_object({{"status", "ok"}}));
}

void version(const exchange_ptr& ex) {
  const auto& config = ex->context().config;
  ex->reply(value::make_object({{"version", config.version},
                                {"build", config.build},
                                {"git_commit", config.git_commit}}));
}

// Ready is who can read and can start runs.
void readiness(const exchange_ptr& ex) {
  auto bad = [ex](const caf::error& why) {
    ex->reply(make_problem(503, "not_ready", message_of(why)));
  };
  ex->ask_or<actor_status>(
    ex->actors().reader,
    [=](actor_status&) {
      ex->ask_or<actor_status>(
        ex->actors().dispatcher,
        [ex](actor_status&) {
          ex->reply(value::make_object({{"status", "ready"}}));
        },
        bad, atom::status_v);
    },
    bad, atom::status_v);
}

// What is known so far of how everybody is.
struct census {
  value::array actors;
  queue_status queue;
  size_t open = 0;
};

void reply_census(const exchange_ptr& ex, census& x) {
  const auto& q = x.queue;
  const bool idle = q.ready + q.delayed + q.leased == 0;
  auto queue = value::make_object(
    {{"ready", q.ready}, {"delayed", q.delayed}, {"leased", q.leased}});
  // "crawling" is what clients know as busy.
  ex->reply(value::make_object(
    {{"state", idle ? "idle" : "crawling"},
     {"metadata", value::make_object({{"actors", std::move(x.actors)},
                                      {"queue", std::move(queue)}})},
     {"timestamp", to_rfc3339(system_wall_clock().now())}}));
}

template <class Handle>
void ask_status(const exchange_ptr& ex, const std::shared_ptr<census>& all,
                const Handle& dest, const char* name) {
  ++all->open;
  auto add = [=](value x) {
    all->actors.push_back(std::move(x));
    if (--all->open == 0)
      reply_census(ex, *all);
  };
  ex->ask_or<actor_status>(
    dest, [=](actor_status& x) { add(status_json(x)); },
    [=](const caf::error& why) {
      add(value::make_object({{"name", name}, {"error", message_of(why)}}));
    },
    atom::status_v);
}

void system_status(const exchange_ptr& ex) {
  const auto& actors = ex->actors();
  auto all = std::make_shared<census>();
  ex->ask<queue_status>(
    actors.queue,
    [=](queue_status& queue) {
      const auto& x = ex->actors();
      all->queue = queue;
      ask_status(ex, all, x.dispatcher, "dispatcher");
      ask_status(ex, all, x.job_manager, "job_manager");
      ask_status(ex, all, x.step_manager, "step_manager");
      ask_status(ex, all, x.queue, "queue");
      ask_status(ex, all, x.reader, "reader");
      ask_status(ex, all, x.log_collector, "log_collector");
      ask_status(ex, all, x.document_store, "document_store");
    },
    atom::stats_v);
}

} // namespace

const std::vector<route>& system_routes() {
  static const std::vector<route> routes{
    {"GET", "/livez", health, access::open},
    {"GET", "/readyz", readiness, access::open},
    {"GET", "/api/health", health, access::open},
    {"GET", "/api/version", version, access::open},
    {"GET", "/api/status", system_status},
  };
  return routes;
}

} // namespace quaero
