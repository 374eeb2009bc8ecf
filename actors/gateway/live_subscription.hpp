#pragma once

#include "actors/gateway/live_feed.hpp"

#include <memory>

namespace quaero {

/// Whom a subscription serves.
class live_receiver {
public:
  virtual ~live_receiver() = default;

  /// Takes what is in `batch` behind `position`.
  /// @returns false, with nothing taken, if there is no room; it then calls
  ///          go_on() when there is.
  virtual bool take(live_batch& batch, uint64_t position) = 0;

  /// It begins behind this number.
  virtual void on_begun(uint64_t position) = 0;

  /// What followed the position was removed, or never stored: it goes on
  /// behind `position`.
  virtual void on_reset(uint64_t position) = 0;

  /// There was no room for what is published. @returns whether the
  /// subscription shall wait for go_on() and catch up; else it is over.
  virtual bool on_full(uint64_t position) = 0;

  /// Messages without a number may be missing.
  virtual void on_gap() = 0;

  /// It cannot be read.
  virtual void on_failure(const caf::error& why) = 0;
};

/// One filter for one receiver. Numbered messages come without a gap and
/// without a repetition from the position on; the others as they happen, while
/// nothing has to be caught up with.
/// Threads: the gateway's.
class live_subscription final
  : public live_tap,
    public follower_source,
    public std::enable_shared_from_this<live_subscription> {
public:
  /// `receiver` must live until stop().
  live_subscription(live_feed& feed, live_filter filter,
                    live_receiver& receiver);
  ~live_subscription() override;

  const live_filter& filter() const { return filter_; }

  /// Begins behind `after`; UINT64_MAX: with what happens from now on.
  void start(uint64_t after);

  /// Begins behind a part of the stream that the receiver has.
  void start_behind(const stream_page& page);

  /// The receiver has room again.
  void go_on();

  /// Nothing is called any more.
  void stop();

  bool is_live() const {
    return follower_.now() == stream_follower::state::live;
  }

  // -- live_tap ---------------------------------------------------------------
  uint64_t position() const override { return follower_.position(); }
  void deliver(live_batch& batch, uint64_t seen) override;
  void on_gap() override;

  // -- follower_source --------------------------------------------------------
  void read(const stream_query& query) override;
  void recall(const job_id& run, uint64_t after, uint64_t since) override;
  uint64_t block_number() const override { return feed_.block_number(); }

private:
  bool is_numbered() const { return (filter_.types & numbered_types) != 0; }
  size_t take(const std::vector<entry_view>& entries);
  void fail(const caf::error& why);

  live_feed& feed_;
  live_filter filter_;
  live_receiver* receiver_;
  stream_follower follower_;
};
using live_subscription_ptr = std::shared_ptr<live_subscription>;

} // namespace quaero
