#pragma once

#include "actors/gateway/runtime_actors.hpp"
#include "storage/memory_store.hpp"
#include "tests/support/live_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quaero::test {

struct live_system_config : caf::actor_system_config {
  live_system_config() {
    add_message_types<caf::id_block::quaero_types>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
    set("logger.console-verbosity", caf::atom("quiet"));
    set("logger.file-verbosity", caf::atom("quiet"));
  }
};

/// A real runtime on a store in memory behind a real gateway. What happens to
/// jobs is what a test commits.
struct live_fixture {
  live_system_config system_config;
  caf::actor_system sys{system_config};
  std::shared_ptr<storage::store> db
    = std::make_shared<storage::memory_store>();
  id_generator ids{system_wall_clock(), 7};
  runtime_config how;
  gateway_config limits;
  std::unique_ptr<runtime> rt;
  std::unique_ptr<gateway> server;
  uint16_t port = 0;
  queue_job run;  ///< A run that goes on.
  queue_job step; ///< Its step.

  ~live_fixture() { stop(); }

  void start() {
    rt = std::make_unique<runtime>(
      sys, how, db, 1, system_wall_clock(),
      [](std::string_view) { return std::nullopt; },
      [](const worker_environment&) { return std::vector<worker_kind>{}; });
    server = std::make_unique<gateway>();
    limits.port = 0;
    auto bound = server->start(sys, limits, gateway_actors_of(*rt));
    if (!bound)
      throw std::runtime_error(message_of(bound.error()));
    port = *bound;
    if (run.id)
      return;
    run.id = run.manager_id = ids.next();
    run.type = manager_job_type;
    run.name = "nightly";
    step.id = step.step_id = ids.next();
    step.parent_id = step.manager_id = run.id;
    step.type = step_job_type;
    step.name = "scan";
    auto x = std::make_shared<commit>();
    storage::put_job(x->ops, run);
    storage::put_job(x->ops, step);
    x->add_job(run);
    x->add_job(step);
    apply(std::move(x));
  }

  void stop() {
    server = nullptr;
    rt = nullptr;
  }

  /// As after a crash: the same database, another runtime.
  void restart() {
    stop();
    start();
  }

  void apply(commit_ptr x) {
    caf::scoped_actor self{sys};
    self->request(rt->collector, std::chrono::seconds{30}, atom::commit_v, x)
      .receive(
        [] {},
        [](const caf::error& e) { throw std::runtime_error(message_of(e)); });
  }

  void publish(event_block x) {
    caf::anon_send(
      rt->hub, atom::publish_v,
      event_block_ptr{std::make_shared<event_block>(std::move(x))});
  }

  log_line line(const std::string& text, log_level level = log_level::info) {
    return {step.id,
            step.id,
            run.id,
            level,
            log_origin::worker,
            system_wall_clock().now(),
            text};
  }

  void say(const std::string& text, log_level level = log_level::info) {
    auto x = std::make_shared<commit>();
    x->lines.push_back(line(text, level));
    apply(std::move(x));
  }

  void move(const queue_job& job, job_status from, job_status to) {
    auto x = std::make_shared<commit>();
    job_event event;
    event.id = job.id;
    event.status = to;
    event.at = system_wall_clock().now();
    x->add_event(next_event++, std::move(event), from, job);
    apply(std::move(x));
  }

  std::string run_id() const { return to_string(run.id); }

  /// {"type":"subscribe","run":...} and more members.
  std::string subscribe(const std::string& more = {}) const {
    return R"({"type":"subscribe","run":")" + run_id() + '"' + more + '}';
  }

  uint32_t next_event = 1;
};

} // namespace quaero::test
