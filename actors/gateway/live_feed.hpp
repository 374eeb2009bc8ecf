#pragma once

#include "actors/gateway/live_text.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace quaero {

struct gateway_context;

/// What a live stream tells, and of what.
struct live_filter {
  job_id run;     ///< None: of the daemon.
  job_id step;    ///< Only of this step, and of the run itself; none: of all.
  job_id job;     ///< Only of this job; none: of all.
  job_id subject; ///< Of events: only of this job; none: of all.
  log_level level = log_level::info; ///< Of lines: this one and above.
  live_types types = all_types;

  auto operator<=>(const live_filter&) const = default;

  bool wants(const entry_view& x) const;
};

/// The message of a line or an event in the stream of `run`.
live_message_ptr message_of(const entry_view& x, const job_id& run);

/// How messages are written down.
enum class live_format : uint8_t {
  socket, ///< One JSON object, or an array of them.
  events, ///< Server-sent events.
};

/// Messages in parts that fit into what one client may have waiting several
/// times over: a part that is refused then always finds room later.
std::vector<std::vector<live_message_ptr>>
split(std::vector<live_message_ptr> messages, size_t stream_bytes_max);

/// Messages for all who have the same filter, written down once for each
/// format.
class live_batch {
public:
  explicit live_batch(std::vector<live_message_ptr> messages)
    : messages_{std::move(messages)} {}

  /// Leaves numbered messages up to `position` out.
  std::shared_ptr<const std::string> frame(live_format format, uint64_t position
                                                               = 0);

  /// The same as a list.
  std::vector<live_message_ptr> behind(uint64_t position) const;

  bool empty() const { return messages_.empty(); }

private:
  std::vector<live_message_ptr> messages_;
  std::map<live_format, std::shared_ptr<const std::string>> whole_;
};

/// Who takes part in a channel.
class live_tap {
public:
  virtual ~live_tap() = default;

  /// Everything in its stream up to here has been delivered.
  virtual uint64_t position() const = 0;

  /// Takes what `batch` has behind its position; `seen` is then its position.
  virtual void deliver(live_batch& batch, uint64_t seen) = 0;

  /// Some of what was published is not known here any more.
  virtual void on_gap() = 0;
};

/// Takes the blocks of the EVENT HUB, makes messages of them for those who
/// want them, and hands these over in frames. Asks for blocks only while
/// somebody listens.
/// Threads: the gateway's. Bounds: `live_config`; what waits for the next
/// frame.
class live_feed {
public:
  /// @param instance tells this start of the daemon from others.
  live_feed(gateway_context& context, std::string instance);
  ~live_feed();

  live_feed(const live_feed&) = delete;
  live_feed& operator=(const live_feed&) = delete;

  /// Calls `f` when the number of the newest block is known.
  void when_ready(std::function<void()> f);

  uint64_t block_number() const { return position_; }

  /// From now on `tap` gets what passes the filter, until it is removed. It
  /// must live until then.
  void add(live_tap& tap, const live_filter& filter);
  void remove(live_tap& tap);

  const std::optional<storage::totals>& totals() const { return totals_; }
  const std::string& instance() const { return instance_; }

  // -- clients ----------------------------------------------------------------

  /// Keeps a client until it is dropped; `close` is called when the gateway
  /// stops. @returns false if there are `clients_max`.
  bool enter(const void* client, std::shared_ptr<void> keep,
             std::function<void()> close);
  void leave(const void* client);
  bool is_full() const;
  size_t clients() const { return clients_.size(); }

  /// Ends every client.
  void close_all();

  gateway_context& context() { return context_; }

private:
  struct channel {
    live_filter filter;
    std::vector<live_tap*> taps;
    std::vector<live_message_ptr> waiting;
    uint64_t seen = 0; ///< Greatest number so far.
  };
  using channels = std::vector<channel*>;

  struct client {
    std::shared_ptr<void> keep;
    std::function<void()> close;
  };

  // -- blocks -----------------------------------------------------------------
  void pull();
  void on_blocks(const recent_blocks& answer);
  void take(const event_block& block);
  void take_entry(const entry_view& x, const job_id& run, uint64_t in_daemon);
  void take_progress(const run_progress& x);
  void take_spawned(const spawned_jobs& x);
  void take_totals(const storage::totals& x);
  const channels* channels_of(const job_id& run) const;

  // -- messages ---------------------------------------------------------------
  void say(const job_id& run, live_type type, const job_id& step,
           std::string payload);
  void put(channel& to, live_message_ptr x);
  bool is_wanted(const job_id& run, live_types types) const;
  void flush();
  void flush(channel& x);

  // -- what is said from time to time -----------------------------------------
  void tell_stats();
  void tell_spawned();
  void tell_status();
  void arm_status();

  gateway_context& context_;
  std::string instance_;
  /// Timers that are due after the feed's end find this gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool ready_ = false;
  bool pulling_ = false;
  uint64_t position_ = 0; ///< Number of the newest block taken.
  std::vector<std::function<void()>> waiting_for_ready_;
  std::map<live_filter, std::unique_ptr<channel>> channels_;
  std::unordered_map<job_id, channels> by_run_;
  std::unordered_map<const live_tap*, channel*> by_tap_;
  std::unordered_map<job_id, run_progress> progress_; ///< As last told.
  std::unordered_map<job_id, spawned_jobs> spawned_;  ///< By parent, untold.
  std::optional<storage::totals> totals_;
  std::unordered_map<const void*, client> clients_;
  size_t waiting_ = 0; ///< Messages for the next frames.
  bool flush_armed_ = false;
  bool status_armed_ = false;
  bool stats_quiet_ = false;   ///< Told less than `stats_interval` ago.
  bool stats_changed_ = false; ///< Since then.
  bool spawned_quiet_ = false;
  bool busy_ = false; ///< As app_status was told last.
};

} // namespace quaero
