#pragma once

#include "actors/nodes/node_link.hpp"
#include "actors/nodes/node_tunnel.hpp"
#include "definitions/settings.hpp"
#include "definitions/time.hpp"
#include "programs/daemon/daemon.hpp"
#include "programs/daemon/node_folder.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace quaero {

class gate_route;

/// Whether a certificate that is good from `from` until `until` is to be
/// replaced by now: in its last third, and at most its last 30 days.
bool is_renewal_due(timestamp from, timestamp until, timestamp now);

/// The wall clock as it was at its making, and the time since. What a node says
/// of time is the difference to what it said in its hello: a clock that
/// somebody sets must not change that.
class even_clock final : public wall_clock {
public:
  timestamp now() const override {
    return begin_ + (std::chrono::steady_clock::now() - since_);
  }

private:
  timestamp begin_ = system_wall_clock().now();
  std::chrono::steady_clock::time_point since_
    = std::chrono::steady_clock::now();
};

/// A running node: worker pools, and one connection to its hub, which is made
/// again whenever it ends. Made, started, and stopped once.
class node_daemon {
public:
  /// REQUIRES: `folder` outlives it, and its record has joined.
  node_daemon(settings how, node_folder& folder);
  ~node_daemon();

  node_daemon(const node_daemon&) = delete;
  node_daemon& operator=(const node_daemon&) = delete;

  /// Calls `f` once, from any thread, when the hub refuses this node for good.
  /// Set it before start(). It must not block.
  void on_end(std::function<void(const std::string& why)> f) {
    on_end_ = std::move(f);
  }
  /// Whether that was so.
  bool refused() const { return ended_; }

  /// @returns "" or a sentence that says what is wrong; then nothing runs.
  std::string start();

  /// Takes no new work, lets what runs end for at most `drain_timeout`, gives
  /// the rest back by its end.
  /// @returns whether nothing was interrupted.
  bool stop();

private:
  std::string spawn_pools();
  std::string start_tunnel();
  void connect();
  void on_closed(const std::string& why);
  void end(const std::string& why);
  void keep_certificate();
  void renew();

  settings settings_;
  even_clock clock_; ///< Outlives the system.
  node_folder& folder_;
  std::string name_;
  hub_place hub_;
  std::function<void(const std::string&)> on_end_;
  std::atomic<bool> ended_{false};
  std::unique_ptr<system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<gate_route> route_;
  std::atomic<uint64_t> calls_{0}; ///< Connections asked for or given up.
  node_tunnel tunnel_;
  node_side side_;
  std::mutex guard_;
  std::condition_variable changed_;
  std::atomic<bool> stopping_{false}; ///< Changed with the guard held.
  std::thread keeper_;
};

} // namespace quaero
