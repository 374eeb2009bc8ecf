#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace quaero {

/// How long a word to the other end and its answer take, at least: the shortest
/// that was seen, so that a busy moment on either side does not count. One
/// block at a time is watched, and none that was sent again.
/// Threads: one.
class round_trip {
public:
  using clock = std::chrono::steady_clock;

  /// The other end was just told `block`, and answers at once; 0: something
  /// else than a block, which any word answers. @param anew forget what was
  /// watched: it may have been lost.
  void said(uint64_t block, clock::time_point now, bool anew = false) {
    if (open_ && !anew)
      return;
    open_ = true;
    block_ = block;
    at_ = now;
  }

  /// Blocks that were sent again say nothing about the way.
  void repeated() { open_ = open_ && block_ == 0; }

  /// A word of the other end, which has blocks up to `received`.
  void heard(uint64_t received, clock::time_point now) {
    if (!open_ || received < block_)
      return;
    open_ = false;
    const auto took = now - at_;
    shortest_ = seen_ ? std::min(shortest_, took) : took;
    seen_ = true;
  }

  clock::duration shortest() const { return shortest_; } ///< 0: none was seen.

private:
  bool open_ = false;
  bool seen_ = false;
  uint64_t block_ = 0;
  clock::time_point at_{};
  clock::duration shortest_{};
};

} // namespace quaero
