#pragma once

#include "actors/view_messages.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace quaero {

/// An entry of a stream, wherever it lies.
struct entry_view {
  uint64_t sequence = 0;
  const log_entry* line = nullptr; ///< Null: it is an event, which has both
  const job_event* event = nullptr;
  const event_place* place = nullptr;
};

entry_view view_of(const stream_entry& x);

/// Adds the entries of a block that are in the stream of `run` (none: in the
/// daemon's) and have a number above `after`, ascending.
void add_entries(const event_block& block, const job_id& run, uint64_t after,
                 std::vector<entry_view>& out);

/// Whom a follower asks. Each question has one answer, by a call of
/// the function that is named, later.
class follower_source {
public:
  virtual ~follower_source() = default;
  virtual void read(const stream_query& query) = 0; ///< on_page().
  /// on_recent(); what the EVENT HUB answers to `events`.
  virtual void recall(const job_id& run, uint64_t after, uint64_t since) = 0;
  /// Number of the newest block that was taken from the EVENT HUB.
  virtual uint64_t block_number() const = 0;
};

/// Follows one stream from a number on: what is stored, then what the EVENT HUB
/// remembers, then what it publishes, without a gap and without a repetition.
/// While it is live, its owner passes on what comes, by add_entries(), and
/// moves the position. For that the owner takes blocks from the same hub that
/// it recalls from, and handles its messages in their order.
/// Threads: none of its own.
class stream_follower {
public:
  enum class state { idle, asking, full, live, broken };

  /// Takes entries that are next; `after` is the position behind them.
  /// @returns how many it has taken; less than all: it is full, and calls
  ///          go_on() when it is not any more.
  using taker = std::function<size_t(const std::vector<entry_view>& entries)>;

  /// `take` may not call the follower. `begun` is told the position before the
  /// first entry; `oldest` is above 1 if older entries were removed.
  stream_follower(job_id run, follower_source& source, taker take);

  const job_id& run() const { return run_; }
  state now() const { return state_; }
  uint64_t position() const { return position_; }

  /// Begins behind `after`. UINT64_MAX: behind what there is now.
  void start(uint64_t after);

  /// Begins behind what a page holds.
  void start_behind(const stream_page& page);

  /// It was full and has room now, or has lost the live stream.
  void go_on();

  /// The owner has passed on everything up to this number.
  void advance(uint64_t position) { position_ = position; }

  /// The owner cannot pass on any more: go_on() will catch up.
  void stop() { state_ = state::full; }

  void on_page(stream_page_ptr page);
  void on_recent(const recent_blocks& recent);
  void on_failure() { state_ = state::broken; }

  /// Called when it becomes live.
  std::function<void()> on_live;
  /// Called with the position it begins behind, before the first entry.
  std::function<void(const stream_page&)> on_begun;
  /// Called when entries after the position were removed, with the position
  /// to go on from.
  std::function<void(uint64_t)> on_reset;

private:
  void read();
  bool hand_over();

  job_id run_;
  follower_source& source_;
  taker take_;
  state state_ = state::idle;
  uint64_t position_ = 0;
  uint64_t since_ = UINT64_MAX; ///< The newest block before the last read.
  bool from_now_ = false;       ///< The position is still to be told.
  stream_page_ptr page_;        ///< Being handed over.
  size_t taken_ = 0;            ///< Of its entries.
};

} // namespace quaero
