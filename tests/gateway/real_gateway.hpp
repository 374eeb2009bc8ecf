#pragma once

#include "actors/gateway/runtime_actors.hpp"
#include "storage/memory_store.hpp"
#include "tests/gateway/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace quaero::test {

/// A clock that a test moves while others read it.
class moved_clock final : public wall_clock {
public:
  timestamp now() const override {
    return system_wall_clock().now() + std::chrono::nanoseconds{ahead_};
  }
  void move(std::chrono::nanoseconds x) { ahead_ += x.count(); }

private:
  std::atomic<int64_t> ahead_{0};
};

/// A gateway on a free port before a real runtime on a store in memory. No
/// worker types.
class real_gateway {
public:
  real_gateway() : sys{config_} {}

  ~real_gateway() {
    server.reset();
    rt.reset();
  }

  void start(gateway_config how = {}) {
    rt = std::make_unique<runtime>(
      sys, settings, db, ++boot, clock,
      [](std::string_view) { return std::nullopt; },
      [](const worker_environment& x) {
        worker_kind one; // GET /api/nodes shows nodes that have a worker
        one.job_type = "summary";
        one.spawn_block_worker = [&system = x.system] {
          return system.spawn([](block_worker_actor::pointer)
                                -> block_worker_actor::behavior_type {
            return {[](atom::execute, const job_block& block) {
              return std::vector<job_outcome>(block.jobs.size());
            }};
          });
        };
        return std::vector<worker_kind>{one};
      });
    BOOST_REQUIRE(rt->recover());
    server = std::make_unique<gateway>();
    how.port = 0;
    how.clock = &clock;
    how.meter = rt->meter;
    auto bound = server->start(sys, std::move(how), gateway_actors_of(*rt));
    if (!bound)
      BOOST_FAIL(message_of(bound.error()));
    port = *bound;
  }

  void stop() {
    server.reset();
    rt.reset();
  }

  /// One request on a connection of its own.
  http_reply send(const std::string& method, const std::string& target,
                  const std::string& token = {}, const std::string& body = {}) {
    http_client::fields extra;
    if (!token.empty())
      extra.emplace_back("Authorization", "Bearer " + token);
    return http_client{port}.request(method, target, body, extra);
  }

  value json(const http_reply& x, int status = 200) {
    BOOST_TEST(x.status == status, x.body);
    return x.body.empty() ? value{} : read_json(x.body);
  }

  moved_clock clock;
  runtime_config settings;
  std::shared_ptr<storage::memory_store> db
    = std::make_shared<storage::memory_store>();
  uint64_t boot = 0;
  uint16_t port = 0;

private:
  struct system_config : caf::actor_system_config {
    system_config() {
      add_message_types<caf::id_block::quaero_types>();
      set("scheduler.max-threads", 2);
      set("scheduler.policy", caf::atom("sharing"));
    }
  };
  system_config config_;

public:
  caf::actor_system sys;
  std::unique_ptr<runtime> rt;
  std::unique_ptr<gateway> server;
};

} // namespace quaero::test
