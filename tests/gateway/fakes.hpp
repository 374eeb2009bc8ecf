#pragma once

#include "actors/gateway/gateway.hpp"
#include "definitions/json.hpp"
#include "tests/support/http_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace quaero::test {

/// What the fake actors know and what they were told. Lock before use.
struct world {
  std::mutex mutex;

  std::vector<job_view> jobs;                    ///< Oldest first.
  std::map<job_id, std::vector<log_entry>> logs; ///< By owner.
  std::vector<job_definition> definitions;
  std::vector<document> documents;
  std::map<job_id, run_progress> live;
  storage::totals totals;
  queue_status queue;

  /// Sentences about the configuration of a step, by step type.
  std::map<std::string, std::vector<std::string>> broken_steps;
  caf::error execute_error;
  caf::error read_error; ///< Of every read of a job.

  std::vector<run_request> executed;
  std::vector<job_id> cancelled;
  std::vector<size_t> log_limits; ///< Of the reads of logs.

  /// READER waits for this before it answers `get`.
  std::shared_future<void> gate;

  job_view& add_job(std::string type, std::string name, job_id parent = {},
                    job_id manager = {});
  void add_line(job_id owner, job_id job, log_level level, std::string text);

private:
  uint64_t next_id_ = 0;
  uint64_t sequence_ = 0;
};

/// A gateway between fake actors, on a free port.
class gateway_fixture {
public:
  gateway_fixture();
  ~gateway_fixture();

  /// Starts it; `config` may set everything but the port.
  void start(gateway_config config = {});

  /// New fakes that share `fake`.
  gateway_actors spawn_actors();

  http_reply get(const std::string& target);
  http_reply post(const std::string& target, const std::string& body = {});

  /// GET, then the answer as JSON; null if it is none.
  value get_json(const std::string& target, int status = 200);

  std::shared_ptr<world> fake = std::make_shared<world>();
  uint16_t port = 0;

private:
  struct system_config : caf::actor_system_config {
    system_config();
  };

  system_config config_;

public:
  caf::actor_system sys;
  std::unique_ptr<gateway> server;
};

value read_json(const std::string& text);

/// The member at a path of names and indices: "steps.0.name". Null if absent.
/// Lives as long as `x`.
const value& at(const value& x, std::string_view path);

} // namespace quaero::test
