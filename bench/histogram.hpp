#pragma once

#include "definitions/value.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace quaero::bench {

/// Counts times so that each is known to a thousandth of itself, from a
/// nanosecond to hours, in a fixed amount of memory. One thread at a time.
class histogram {
public:
  histogram();

  /// Less than a nanosecond counts as none.
  void add(std::chrono::nanoseconds x);

  uint64_t count() const { return count_; }

  /// So large is that share (0 to 1) of them at most, in microseconds; 0 if
  /// there are none.
  double us_at(double share) const;

  /// The largest, exact.
  double max_us() const;

private:
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t max_ns_ = 0;
};

/// p50_us, p90_us, p99_us, p999_us, max_us.
value as_value(const histogram& x);

/// Like "p50 168 us, p99 1222 us, max 5290 us".
std::string to_string(const histogram& x);

} // namespace quaero::bench
