#pragma once

#include "actors/gateway/gateway.hpp"
#include "actors/runtime.hpp"
#include "definitions/settings.hpp"
#include "definitions/variables.hpp"
#include "programs/daemon/hub_side.hpp"
#include "storage/store.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace quaero {

/// CAF's configuration for a process of ours.
struct system_config : caf::actor_system_config {
  /// @param remote it talks to other machines.
  explicit system_config(uint64_t threads, bool remote = false);
};

/// A running daemon: the database, the actors, the gateway. Made from settings,
/// started, and stopped once.
class daemon {
public:
  explicit daemon(settings how);
  ~daemon();

  /// Opens the data directory, brings back what was going on, listens, writes
  /// the URL into the file `endpoint` of the data directory, and a token of
  /// this start into `admin.token`, which only its user may read.
  /// @returns "" or a sentence that says what to do; then nothing runs.
  std::string start();

  const std::string& url() const { return url_; }

  /// Calls `f` from any thread when the database has failed: the daemon must
  /// end then. Set it before start().
  void on_failure(std::function<void()> f) { on_failure_ = std::move(f); }
  bool failed() const { return failed_; }

  /// Calls `f` from any thread when somebody asks the daemon to stop. Set it
  /// before start(). It must not block.
  void on_stop_request(std::function<void()> f) { on_stop_ = std::move(f); }

  /// Takes no new work, lets what runs end for at most `drain_timeout`, closes.
  /// @returns whether nothing was interrupted.
  bool stop();

private:
  std::string check_workers() const;
  std::string read_own_labels();
  runtime_config runtime_settings();
  std::string open_database();
  std::string open_nodes();
  std::string load_variables();
  void load_definitions();
  std::string listen();
  std::string write_endpoint() const;
  std::optional<key_text> find_key(std::string_view key) const;
  std::string write_admin_token(const std::string& secret) const;
  void record_stop();

  settings settings_;
  variables own_; ///< What the daemon itself knows; beats the files.
  variables variables_;
  std::vector<std::string> labels_; ///< Of this machine.
  mutable std::mutex keys_mutex_;
  std::function<void()> on_failure_;
  std::function<void()> on_stop_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> stopping_{false}; ///< Actors may end from here on.
  std::shared_ptr<storage::store> db_;
  uint64_t boot_ = 0;
  metrics_ptr meter_;
  std::unique_ptr<system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<runtime> runtime_;
  std::unique_ptr<hub_side> hub_side_; ///< Null: there are no nodes.
  gateway gateway_;
  std::string url_;
};

} // namespace quaero
