#pragma once

#include "definitions/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quaero {

/// How much of being wrong is borne. All are > 0.
struct address_limits {
  /// What is counted is forgotten after so long.
  std::chrono::seconds window{60};
  size_t failures_max = 20;    ///< Wrong tokens of one address in a window.
  size_t refusals_max = 10;    ///< Recorded of one address in a window.
  size_t recorded_max = 300;   ///< Recorded of all addresses in a window.
  size_t addresses_max = 4096; ///< Known at a time; others share one place.
};

/// Counts who is wrong how often, by address; of an IPv6 address by its first
/// 64 bits, which one machine may change the rest of.
/// Bounds: O(1) a call but for take_suppressed(), which is O(addresses_max).
/// Threads: one.
class address_watch {
public:
  explicit address_watch(address_limits limits) : limits_{limits} {}

  /// A token was wrong.
  /// @returns how long the address must wait from now on, or zero.
  std::chrono::seconds fail(std::string_view remote, timestamp now);

  /// Something was refused.
  /// @returns whether to record it; if not, it is counted.
  bool record(std::string_view remote, timestamp now);

  /// Addresses whose window is over, and how many refusals were not recorded.
  std::vector<std::pair<std::string, uint64_t>> take_suppressed(timestamp now);

  /// Whether take_suppressed() has something to give, now or later.
  bool has_suppressed() const { return suppressed_ > 0; }

private:
  struct entry {
    timestamp since{};
    size_t failures = 0;
    size_t recorded = 0;
    uint64_t suppressed = 0;
  };

  entry& at(std::string_view remote, timestamp now);
  bool is_over(const entry& x, timestamp now) const {
    return now >= x.since + limits_.window;
  }

  address_limits limits_;
  std::unordered_map<std::string, entry> entries_;
  entry all_;
  uint64_t suppressed_ = 0; ///< Over all entries.
};

} // namespace quaero
