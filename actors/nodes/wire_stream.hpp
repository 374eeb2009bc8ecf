#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

/// One way between hub and node: items go in at one end and come out at the
/// other, each once and in order, whatever happens to the blocks between.
/// No clock, no actors: who uses it says when to send again.
namespace quaero {

/// All > 0.
struct stream_limits {
  size_t block_items_max = 256;       ///< Begun in one block.
  size_t block_bytes_max = 32 * 1024; ///< Of its payload.
  /// Sent and not acknowledged. A sign of life waits behind them: on a slow
  /// line they must be through in much less than a lease.
  uint64_t window_blocks = 16;
  size_t item_bytes_max = 64 * 1024 * 1024;
};

/// The end that sends.
/// Bounds: keeps every item until it was acknowledged as a whole, and
/// `window_blocks` blocks. How many items there are is up to who pushes.
class stream_sender {
public:
  using send_block
    = std::function<void(uint64_t number, const std::string& payload)>;

  explicit stream_sender(stream_limits limits = {}) : limits_{limits} {}

  /// @returns false, and takes nothing, beyond `item_bytes_max`.
  bool push(std::string item);

  /// Sends what may be sent and was not.
  void flush(const send_block& send);

  /// Sends again what was sent and is not acknowledged.
  void resend(const send_block& send) const;

  /// The other end has blocks up to `received` and takes some up to `granted`.
  /// @returns false if it cannot: that was never sent.
  bool on_signal(uint64_t received, uint64_t granted);

  /// The other end knows nothing: begins at block 1, with the items that are
  /// kept for which `keep` is true.
  void restart(const std::function<bool(std::string_view item)>& keep);
  void clear(); ///< The same, with none.

  /// Whether something waits for an acknowledgement.
  bool owes() const { return !sent_.empty(); }
  uint64_t acknowledged() const { return acknowledged_; }
  size_t bytes() const { return bytes_; } ///< Of the items that are kept.

private:
  struct sent_block {
    uint64_t number = 0;
    size_t items_ended = 0; ///< Whose last byte is in it.
    std::string payload;
  };

  bool cut(sent_block& out);

  stream_limits limits_;
  std::deque<std::string> items_; ///< The first ones may be sent already.
  std::deque<sent_block> sent_;
  size_t next_item_ = 0; ///< That is to be put into blocks.
  size_t next_byte_ = 0; ///< Of it, its length included.
  uint64_t next_number_ = 1;
  uint64_t acknowledged_ = 0;
  uint64_t granted_ = 0;
  size_t bytes_ = 0;
};

/// The end that receives.
/// Bounds: one item, `item_bytes_max`.
class stream_receiver {
public:
  explicit stream_receiver(stream_limits limits = {}) : limits_{limits} {}

  enum class verdict : uint8_t {
    taken,
    old,    ///< It was here before, or one before it was not: nothing happens.
    broken, ///< The other end must not be listened to any more.
  };

  /// Calls `item` for each that is complete.
  verdict take(uint64_t number, std::string_view payload,
               const std::function<void(std::string_view)>& item);

  void clear();

  uint64_t received() const { return received_; }
  uint64_t granted() const { return received_ + limits_.window_blocks; }

private:
  stream_limits limits_;
  std::string open_; ///< Of the item that is not complete, with its length.
  uint64_t received_ = 0;
};

} // namespace quaero
