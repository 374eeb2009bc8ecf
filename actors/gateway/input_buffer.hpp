#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace quaero {

/// Bytes that have arrived and nobody has understood yet. Room that was given
/// for a read stays valid while bytes are consumed, until the next prepare().
class input_buffer {
public:
  explicit input_buffer(size_t bytes_max) : bytes_max_{bytes_max} {}

  size_t size() const { return end_ - begin_; }
  size_t room() const { return bytes_max_ - size(); }
  size_t capacity() const { return capacity_; }

  std::string_view text() const { return {bytes_.get() + begin_, size()}; }
  char* data() { return bytes_.get() + begin_; }

  /// Room for a read of `n` bytes at most. REQUIRES: n <= room(), and no other
  /// read is under way.
  std::span<char> prepare(size_t n) {
    if (capacity_ - end_ < n)
      make_room(n);
    return {bytes_.get() + end_, n};
  }

  /// `n` bytes of the room have been filled.
  void commit(size_t n) { end_ += n; }

  void consume(size_t n) { begin_ += std::min(n, size()); }

  /// Gives its memory back. REQUIRES: it is empty, and no read is under way.
  void reset() {
    bytes_.reset();
    begin_ = end_ = capacity_ = 0;
  }

private:
  void make_room(size_t n) {
    const auto used = size();
    if (capacity_ < used + n) {
      // Twice as much each time, so that a long message is copied seldom.
      const auto wanted
        = std::max(used + n, std::min(2 * capacity_, bytes_max_));
      auto bytes = std::make_unique_for_overwrite<char[]>(wanted);
      if (used > 0)
        std::memcpy(bytes.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(bytes);
      capacity_ = wanted;
    } else if (used > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t bytes_max_;
};

} // namespace quaero
