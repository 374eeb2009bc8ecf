#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <algorithm>
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

// One thing that must hold for the daemon to be of use.
struct check {
  const char* name;
  bool ok = false;
  std::string why; // If not.
};

int64_t number_of(const actor_status& x, std::string_view name) {
  for (const auto& [key, number] : x.numbers)
    if (key == name)
      return number;
  return 0;
}

http_answer ready_answer(const std::vector<check>& all, bool verbose) {
  value::array found;
  std::string why;
  bool ready = true;
  for (const auto& x : all) {
    ready = ready && x.ok;
    auto one = value::make_object({{"name", x.name}, {"ok", x.ok}});
    if (!x.ok)
      one.set("error", x.why);
    if (!x.ok && why.empty())
      why = x.why;
    found.push_back(std::move(one));
  }
  auto out = value::make_object();
  if (verbose)
    out.set("checks", std::move(found));
  if (!ready)
    return make_problem(503, "not_ready", std::move(why), out);
  out.set("status", "ready");
  return json_answer(out);
}

bool asks_for_all(const http_request& request) {
  return std::any_of(request.query.begin(), request.query.end(),
                     [](const auto& x) { return x.first == "verbose"; });
}

// Ready is who can write and read, and can start runs. A STORE that failed has
// ended, so it does not answer.
void readiness(const exchange_ptr& ex) {
  struct checking {
    std::vector<check> all{{"store", false, {}},
                           {"reader", false, {}},
                           {"recovered", false, {}},
                           {"draining", false, {}}};
    size_t open = 3;
  };
  auto state = std::make_shared<checking>();
  auto done = [ex, state] {
    if (--state->open == 0)
      ex->reply(ready_answer(state->all, asks_for_all(ex->request())));
  };
  auto ask = [&](const auto& whom, size_t i, auto look) {
    ex->ask_or<actor_status>(
      whom,
      [=](const actor_status& x) {
        look(state->all, x);
        done();
      },
      [=](const caf::error& why) {
        state->all[i].why = message_of(why);
        done();
      },
      atom::status_v);
  };
  const auto& actors = ex->actors();
  ask(actors.store, 0, [](auto& all, const auto&) { all[0].ok = true; });
  ask(actors.reader, 1, [](auto& all, const auto&) { all[1].ok = true; });
  ask(actors.dispatcher, 2, [](auto& all, const actor_status& x) {
    all[2].ok = number_of(x, "recovered") != 0;
    all[2].why = "what was going on is not brought back yet";
    all[3].ok = number_of(x, "draining") == 0;
    all[3].why = "the daemon takes no new work";
  });
}

void liveness(const exchange_ptr& ex) {
  auto body = value::make_object({{"status", "ok"}});
  if (asks_for_all(ex->request()))
    body.set("checks", value::make_array({value::make_object(
                         {{"name", "gateway"}, {"ok", true}})}));
  ex->reply(body);
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
    {"GET", "/livez", liveness, access::open},
    {"GET", "/readyz", readiness, access::open},
    {"GET", "/api/health", health, access::open},
    {"GET", "/api/version", version, access::open},
    {"GET", "/api/status", system_status},
  };
  return routes;
}

} // namespace quaero
