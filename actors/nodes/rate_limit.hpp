#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace quaero {

/// How often something may happen: `max` times at once, and as often again in
/// each `period`.
/// Threads: one.
class rate_limit {
public:
  using clock = std::chrono::steady_clock;

  /// `max` and `period` > 0. The first time to be taken is at `now`, or later.
  rate_limit(size_t max, clock::duration period, clock::time_point now)
    : max_{static_cast<double>(max)}, period_{period}, left_{max_}, at_{now} {}

  /// Whether it may happen now; if so, it has.
  bool take(clock::time_point now) {
    const std::chrono::duration<double> since = now - at_;
    left_ = std::min(max_, left_ + max_ * (since / period_));
    at_ = now;
    if (left_ < 1)
      return false;
    left_ -= 1;
    return true;
  }

  clock::time_point last() const { return at_; } ///< When it was asked last.

private:
  double max_;
  std::chrono::duration<double> period_;
  double left_;
  clock::time_point at_;
};

} // namespace quaero
