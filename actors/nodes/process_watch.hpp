#pragma once

#include "actors/nodes/frame_guard.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace quaero {

/// How often a node may come as another process: CAF keeps something of each
/// process for ever. `hour_max` at once, and as many again in each hour.
/// Bounds: an entry for each node that came as a new process in the last hour.
/// Threads: one.
class process_watch {
public:
  using clock = std::chrono::steady_clock;

  /// `hour_max` > 0.
  explicit process_watch(size_t hour_max = 1, clock::time_point now = {})
    : hour_max_{static_cast<double>(hour_max)}, pruned_at_{now} {}

  /// Whether the node may be that process now. The one that it was last is
  /// free.
  bool take(const std::string& node, const caf_node& process,
            clock::time_point now);

  size_t nodes() const { return nodes_.size(); }

private:
  struct account {
    caf_node last{};
    double left = 0;
    clock::time_point at{};
  };

  void prune(clock::time_point now);

  double hour_max_;
  clock::time_point pruned_at_;
  std::map<std::string, account> nodes_;
};

} // namespace quaero
