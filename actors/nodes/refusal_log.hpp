#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quaero {

/// How many refusals are told of in a minute; a log that anybody can make grow
/// is a way to fill a disk.
/// Threads: one.
class refusal_log {
public:
  explicit refusal_log(size_t minute_max) : minute_max_{minute_max} {}

  /// Whether to tell of one more; if not, it is counted.
  bool take() {
    const auto now = std::chrono::steady_clock::now();
    if (now - since_ >= std::chrono::minutes{1}) {
      since_ = now;
      told_ = 0;
    }
    const bool tell = told_ < minute_max_;
    tell ? ++told_ : ++left_out_;
    return tell;
  }

  /// Since it was asked for the last time.
  uint64_t left_out() { return std::exchange(left_out_, 0); }

private:
  size_t minute_max_;
  size_t told_ = 0;
  uint64_t left_out_ = 0;
  std::chrono::steady_clock::time_point since_{};
};

} // namespace quaero
