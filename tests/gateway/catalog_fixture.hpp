#pragma once

#include "actors/definition_worker.hpp"
#include "actors/gateway/gateway.hpp"
#include "actors/job_context.hpp"
#include "actors/runtime.hpp"
#include "storage/memory_store.hpp"
#include "tests/gateway/fakes.hpp"
#include "tests/storage/temp_folder.hpp"
#include "tests/support/http_client.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace quaero::test {

/// What the worker type "transform" does in these tests: its jobs repeat their
/// configuration wherever a job can say something.
struct parrot {
  std::mutex mutex;
  std::vector<std::string> configs; ///< That attempts were given.
};

/// A gateway before a real runtime, on a store in memory, on a free port.
class catalog_fixture {
public:
  catalog_fixture();
  ~catalog_fixture();

  /// Starts it; `config` and `settings` may set everything but the port.
  void start();

  /// Ends the runtime and the gateway and starts them on the same store.
  void restart();

  caf::actor_system& system() { return *sys_; }

  /// Sends a request on a connection of its own.
  http_reply send(const std::string& method, const std::string& target,
                  const std::string& body = {},
                  const http_client::fields& fields = {});
  http_reply get(const std::string& target) { return send("GET", target); }

  /// The answer as JSON. REQUIRES: the status.
  value json(const std::string& method, const std::string& target,
             const std::string& body = {}, int status = 200);
  value get_json(const std::string& target, int status = 200) {
    return json("GET", target, {}, status);
  }

  /// Runs a definition until it is over; returns the run's id.
  std::string run(const std::string& id, const std::string& body = {});

  /// Writes a file below the folder.
  void write(const std::string& name, const std::string& text);

  gateway_config config;
  runtime_config settings;
  storage::test::temp_folder folder;
  std::shared_ptr<storage::memory_store> db
    = std::make_shared<storage::memory_store>();
  std::shared_ptr<parrot> worker = std::make_shared<parrot>();
  std::atomic<int> stops{0}; ///< Times that the daemon was asked to stop.
  uint16_t port = 0;

private:
  struct system_config : caf::actor_system_config {
    system_config();
  };
  void stop();

  system_config system_config_;
  std::unique_ptr<caf::actor_system> sys_;
  uint64_t boot_ = 0;

public:
  std::unique_ptr<runtime> rt;

private:
  std::unique_ptr<gateway> server_;
};

} // namespace quaero::test
