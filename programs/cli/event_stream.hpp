#pragma once

#include "programs/cli/ask.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace quaero::cli {

inline constexpr size_t event_bytes_max = 4 * 1024 * 1024; ///< Of one event.
inline constexpr std::chrono::milliseconds reconnect_first{250};
inline constexpr std::chrono::milliseconds reconnect_max{5000};

/// Connections in a row without an event before a reader gives up: about 45 s.
inline constexpr int reconnects_max = 12;

/// A server-sent event.
struct stream_event {
  std::string id;        ///< Its own, or that of the last event before it.
  bool numbered = false; ///< The id is its own.
  std::string type;      ///< "message" if it has none.
  std::string data;      ///< Lines joined by line breaks.
};

/// false: nothing more is wanted.
using event_handler = std::function<bool(const stream_event&)>;

/// Reads text/event-stream in pieces of any size.
class event_parser {
public:
  explicit event_parser(event_handler handler) : handler_{std::move(handler)} {}

  /// @returns false if the handler did, or an event is larger than
  ///          event_bytes_max; then nothing more is taken.
  bool take(std::string_view bytes);

  /// Forgets an event whose end did not come, for a new connection.
  void start_again();

  const std::string& last_id() const { return last_id_; }
  size_t events() const { return events_; }
  bool done() const { return done_; }
  bool too_large() const { return too_large_; }

  /// What the server says to wait before connecting again; 0 = nothing.
  std::chrono::milliseconds retry() const { return retry_; }

private:
  bool take_line(std::string_view line);
  bool finish_event();

  event_handler handler_;
  std::string line_;
  stream_event event_;
  bool has_data_ = false;
  bool after_return_ = false;
  std::string last_id_;
  size_t events_ = 0;
  std::chrono::milliseconds retry_{0};
  bool done_ = false;
  bool too_large_ = false;
};

/// How a stream is read.
struct stream_options {
  std::string target = {};
  bool follow = true; ///< Else it ends when nothing comes for a second.
};

/// Gives the events of a stream to `handler` until it wants no more, Ctrl-C or
/// an answer that will not change. A broken connection is made again, with the
/// id of the last event.
/// @returns exit_ok after `handler`, exit_detached, or another code after a
///          message; exit_not_found without one.
int follow_events(command_context& context, const stream_options& options,
                  const event_handler& handler);

} // namespace quaero::cli
