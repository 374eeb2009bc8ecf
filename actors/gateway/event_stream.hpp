#pragma once

#include "actors/gateway/live_subscription.hpp"
#include "actors/gateway/streaming.hpp"

#include <deque>
#include <memory>
#include <set>
#include <string>

namespace quaero {

/// What every server-sent stream does: keeps what must not be lost until there
/// is room, pings when it is silent, ends with its client.
/// Threads: the gateway's.
class event_stream : public std::enable_shared_from_this<event_stream> {
public:
  event_stream(live_feed& feed, std::shared_ptr<answer_stream> stream);
  virtual ~event_stream() = default;

  /// Serves the client until it leaves; at once over if there are too many.
  void open();

protected:
  virtual void on_open() = 0;
  virtual void on_room() = 0; ///< Everything written so far is on its way.
  virtual void on_end() = 0;
  /// The number that a client resumes after; 0: none.
  virtual uint64_t position() const = 0;

  /// Writes now, or as soon as there is room.
  void write(std::string text);

  /// Writes now. @returns false if something waits.
  bool try_write(const std::shared_ptr<const std::string>& text);

  bool is_blocked() const { return !waiting_.empty(); }
  bool is_over() const { return is_over_; }
  live_feed& feed() { return feed_; }
  void end();

private:
  void on_drained();
  void arm_ping();
  void leave();

  live_feed& feed_;
  std::shared_ptr<answer_stream> stream_;
  std::deque<std::shared_ptr<const std::string>> waiting_;
  bool is_silent_ = true; ///< Since the last look.
  bool is_over_ = false;
};

/// /api/events: messages of a run, or of the daemon.
class message_stream final : public event_stream, public live_receiver {
public:
  message_stream(live_feed& feed, std::shared_ptr<answer_stream> stream,
                 live_filter filter, uint64_t after);

  // -- live_receiver ----------------------------------------------------------
  bool take(live_batch& batch, uint64_t position) override;
  void on_begun(uint64_t) override {}
  void on_reset(uint64_t position) override;
  bool on_full(uint64_t) override { return true; }
  void on_gap() override;
  void on_failure(const caf::error&) override { end(); }

protected:
  void on_open() override;
  void on_room() override { subscription_->go_on(); }
  void on_end() override { subscription_->stop(); }
  uint64_t position() const override;

private:
  live_subscription_ptr subscription_;
  uint64_t after_;
};

/// /api/logs/stream of a job: its newest lines, then those that come, a batch
/// at a time, and what becomes of the job.
class log_stream final : public event_stream, public live_receiver {
public:
  /// @param tail what it begins with; nothing: behind `after`.
  log_stream(live_feed& feed, std::shared_ptr<answer_stream> stream, job_id job,
             live_filter filter, std::optional<stream_tail> tail,
             uint64_t after);

  // -- live_receiver ----------------------------------------------------------
  bool take(live_batch& batch, uint64_t position) override;
  void on_begun(uint64_t) override {}
  void on_reset(uint64_t position) override;
  bool on_full(uint64_t) override { return true; }
  void on_gap() override {}
  void on_failure(const caf::error&) override { end(); }

protected:
  void on_open() override;
  void on_room() override { flush(); }
  void on_end() override { subscription_->stop(); }
  uint64_t position() const override { return told_; }

private:
  void begin();
  void on_tail(const stream_page& page);
  void tell_status();
  void arm_flush();
  void flush();
  void look_up(std::vector<job_id> owners);
  void write_held();
  std::string events_of(const std::vector<live_message_ptr>& xs);
  std::string status_event(const live_message& x) const;
  std::string lines_event(const std::vector<live_message_ptr>& lines,
                          uint64_t number, bool has_more);

  job_id job_;
  live_filter filter_;
  std::optional<stream_tail> tail_;
  uint64_t after_;
  live_subscription_ptr subscription_;
  std::vector<live_message_ptr> held_; ///< For the next batch.
  std::map<job_id, std::string> step_names_;
  uint64_t total_ = 0; ///< Lines so far, at the level asked for.
  uint64_t told_ = 0;  ///< Number of the newest message written.
  bool has_more_ = false;
  bool is_first_ = false; ///< The next batch begins the stream.
  bool flush_armed_ = false;
  bool looking_up_ = false;
};

/// /api/logs/stream of the daemon's own log.
class service_stream final : public event_stream {
public:
  service_stream(live_feed& feed, std::shared_ptr<answer_stream> stream,
                 log_level level, size_t lines, uint64_t after);

protected:
  void on_open() override;
  void on_room() override {}
  void on_end() override {}
  uint64_t position() const override { return told_; }

private:
  void look();

  log_level level_;
  size_t lines_;
  uint64_t told_;
  bool is_first_ = true;
};

} // namespace quaero
