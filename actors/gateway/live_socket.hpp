#pragma once

#include "actors/gateway/live_subscription.hpp"
#include "actors/gateway/streaming.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace quaero {

/// What somebody asks to be told.
struct live_request {
  job_id job;  ///< A run, or a job of one; none: the daemon.
  job_id step; ///< None: all.
  log_level level = log_level::info;
  live_types types = 0;        ///< 0: all that there are for `job`.
  uint64_t after = UINT64_MAX; ///< From now on.
};

/// The filter for a request, once it is known what its job is.
live_filter filter_of(const live_request& x, const job_view& job);
/// The filter for a request without a job.
live_filter filter_of(const live_request& x);

/// Reads {"type":"subscribe", ...}.
/// @returns "" or a sentence that names the member and its rule.
std::string read_subscribe(const value& message, live_request& out);

/// One WebSocket at /ws. It is told how the daemon is and, until it subscribes
/// to something, what the runs do; see docs/live.md for its messages.
/// Threads: the gateway's. Bounds: what the socket holds, `live_config`.
class live_socket : public std::enable_shared_from_this<live_socket> {
public:
  /// Serves the socket until it is closed; at once closed if there are
  /// `clients_max` already.
  static void open(live_feed& feed, std::shared_ptr<web_socket> socket);

  live_socket(live_feed& feed, std::shared_ptr<web_socket> socket);
  ~live_socket();

private:
  /// What is told of one run, or of the daemon.
  struct part final : live_receiver {
    part(live_socket& to, job_id what) : owner{to}, key{what} {}

    bool take(live_batch& batch, uint64_t position) override;
    void on_begun(uint64_t position) override;
    void on_reset(uint64_t position) override;
    bool on_full(uint64_t position) override;
    void on_gap() override;
    void on_failure(const caf::error& why) override;

    live_socket& owner;
    job_id key;         ///< As the client names it; none: the daemon.
    std::string status; ///< Of the job, when it was asked for.
    bool is_overview = false;
    live_subscription_ptr subscription;
  };
  using part_ptr = std::shared_ptr<part>;

  void start();
  void greet();
  void on_text(std::string_view text);
  void on_subscribe(const value& message);
  void on_unsubscribe(const value& message);
  void subscribe(const job_id& key, const live_filter& filter, uint64_t after,
                 std::string status);
  void drop(const job_id& key);
  void tell_overview(live_types types);
  void tell_error(std::string_view code, const std::string& detail);
  void refuse(std::string_view code, const std::string& detail);
  void notify(std::string text);
  void on_drained();
  void end(uint16_t code, const std::string& why);
  void leave();

  live_feed& feed_;
  std::shared_ptr<web_socket> socket_;
  part_ptr overview_;
  std::map<job_id, part_ptr> parts_;
  std::deque<std::string> notices_; ///< That found no room.
  size_t errors_ = 0;
  size_t asked_ = 0; ///< Subscriptions whose job is being looked up.
  bool is_over_ = false;
};

} // namespace quaero
