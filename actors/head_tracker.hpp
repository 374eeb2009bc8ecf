#pragma once

#include <cstdint>
#include <deque>

namespace quaero {

/// Knows the smallest sequence that is still in use. Sequences are taken in
/// ascending order and given back in any. One byte a sequence between the
/// smallest in use and the newest.
class head_tracker {
public:
  explicit head_tracker(uint64_t first = 1) : base_{first} {}

  /// The next sequence. With `pin` it holds the head back until release().
  uint64_t take(bool pin) {
    flags_.push_back(pin ? 1 : 0);
    if (!pin)
      advance();
    return next_++;
  }

  /// Takes a sequence that an earlier run of the daemon gave.
  /// REQUIRES: sequences come in ascending order, before the first take().
  void adopt(uint64_t sequence) {
    if (flags_.empty())
      base_ = sequence;
    flags_.resize(static_cast<size_t>(sequence - base_), 0);
    flags_.push_back(1);
    next_ = sequence + 1;
  }

  /// Sequences go on from `next`, if they are not beyond it.
  void skip_to(uint64_t next) {
    if (next <= next_)
      return;
    if (flags_.empty())
      base_ = next;
    else
      flags_.resize(static_cast<size_t>(next - base_), 0);
    next_ = next;
  }

  /// `sequence` is not in use any more. Repeated or unknown: nothing happens.
  void release(uint64_t sequence) {
    if (sequence < base_ || sequence - base_ >= flags_.size())
      return;
    flags_[static_cast<size_t>(sequence - base_)] = 0;
    advance();
  }

  /// No sequence below this one is in use.
  uint64_t head() const { return base_; }
  uint64_t next() const { return next_; }

private:
  void advance() {
    while (!flags_.empty() && flags_.front() == 0) {
      flags_.pop_front();
      ++base_;
    }
  }

  std::deque<uint8_t> flags_; ///< flags_[i] is sequence base_ + i.
  uint64_t base_;
  uint64_t next_ = base_;
};

} // namespace quaero
