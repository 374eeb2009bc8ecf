#pragma once

#include "actors/actors.hpp"
#include "actors/stream_follower.hpp"
#include "tests/sim/model.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <memory>

namespace quaero::sim {

/// Follows the daemon's stream over any number of connections, and compares
/// each entry with what the model saw committed.
class follower {
public:
  explicit follower(model& facts) : facts_{facts} {}
  ~follower() { cut(); }
  follower(const follower&) = delete;
  follower& operator=(const follower&) = delete;

  /// Goes on behind what it has seen.
  void connect(caf::actor_system& sys, const reader_actor& reader,
               const event_hub_actor& hub);

  /// What is on its way to it does not arrive.
  void cut();

  /// A loss of power took entries that it may have seen.
  void on_restart();

  bool is_live() const;
  uint64_t seen() const { return seen_; }

private:
  class connection;

  size_t take(const std::vector<entry_view>& entries);

  model& facts_;
  uint64_t seen_ = 0;
  uint64_t number_ = 0; ///< Of the connection.
  std::shared_ptr<connection> now_;
  caf::actor actor_;
};

} // namespace quaero::sim
