#pragma once

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace quaero {

/// Bytes in order, as a buffer sequence that is cheap to copy.
struct byte_view {
  const boost::asio::const_buffer* first = nullptr;
  const boost::asio::const_buffer* last = nullptr;

  using value_type = boost::asio::const_buffer;
  using const_iterator = const boost::asio::const_buffer*;

  const_iterator begin() const { return first; }
  const_iterator end() const { return last; }
};

/// What one connection has to send, in order. Many small pieces leave in one
/// call of the system.
class outbox {
public:
  /// Its parts are sent one after the other; all may be empty.
  struct piece {
    std::string head;
    std::string body;
    std::shared_ptr<const std::string> shared; ///< Others may send it, too.
    std::string_view tail;                     ///< Lives for ever.
    bool joins = false; ///< Small ones only, copied behind each other.
  };

  void push(piece x);

  bool empty() const { return pieces_.empty(); }
  size_t bytes() const { return bytes_; }

  /// The first bytes, all or as many as go in one call. Valid until sent().
  byte_view view();

  /// `n` bytes have left.
  void sent(size_t n);

  void clear();

private:
  static constexpr size_t parts_max = 4;
  static constexpr size_t buffers_max = 64;
  /// A piece up to this size is copied behind the one before it.
  static constexpr size_t small_bytes_max = 1024;
  static constexpr size_t joined_bytes_max = 16 * 1024;

  std::deque<piece> pieces_;
  size_t bytes_ = 0;
  size_t offset_ = 0; ///< Sent bytes of the first piece.
  size_t viewed_ = 0; ///< Pieces that are being sent.
  std::array<boost::asio::const_buffer, buffers_max> buffers_;
};

} // namespace quaero
