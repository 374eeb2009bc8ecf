#pragma once

#include "actors/nodes/rate_limit.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace quaero {

/// How often a node may say hello: once on each connection, and `minute_max`
/// times at once over all of them, as many again in each minute.
/// Bounds: an entry for each node that said hello in the last minute, and for
/// `nodes_max` others.
/// Threads: one.
class hello_watch {
public:
  using clock = rate_limit::clock;

  /// `minute_max` > 0.
  hello_watch(size_t minute_max, size_t nodes_max)
    : minute_max_{minute_max}, nodes_max_{nodes_max} {}

  /// Somebody says hello as that node.
  /// @param connection a number that no other connection has; 0: not known.
  /// @returns "" or which limit that breaks.
  std::string take(const std::string& node, uint64_t connection,
                   clock::time_point now);

  size_t nodes() const { return nodes_.size(); }

private:
  struct account {
    uint64_t connection = 0;
    rate_limit rate;
  };

  void prune(clock::time_point now);

  size_t minute_max_;
  size_t nodes_max_;
  std::map<std::string, account> nodes_;
};

} // namespace quaero
