#pragma once

#include "actors/stream_follower.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What the live streams say: types of messages, and their payloads as JSON.
namespace quaero {

enum class live_type : uint8_t {
  job_status_change, ///< Of a stream, numbered; so is the next one.
  job_log,
  job_update,
  job_step_progress,
  step_progress,
  parent_job_progress,
  job_spawn,
  job_stats,
  status,
  app_status,
};
inline constexpr size_t live_type_count = 10;

std::string_view to_string(live_type x);
bool from_string(std::string_view text, live_type& out);

/// A set of types.
using live_types = uint32_t;

constexpr live_types types_of(live_type x) {
  return live_types{1} << static_cast<unsigned>(x);
}
constexpr bool has(live_types set, live_type x) {
  return (set & types_of(x)) != 0;
}

inline constexpr live_types all_types = (live_types{1} << live_type_count) - 1;
inline constexpr live_types numbered_types
  = types_of(live_type::job_status_change) | types_of(live_type::job_log);
/// What is said of the daemon as a whole.
inline constexpr live_types daemon_types = types_of(live_type::job_stats)
                                           | types_of(live_type::status)
                                           | types_of(live_type::app_status);
/// What a client gets that asks for nothing.
inline constexpr live_types overview_types = all_types & ~numbered_types;

/// "a,b" or names; "overview" stands for overview_types.
/// @returns false, and which name is wrong, if one is no type.
bool add_type(std::string_view name, live_types& out);

/// One thing that is said.
struct live_message {
  live_type type = live_type::status;
  uint64_t number = 0; ///< In the stream it is said of; 0: it has none.
  std::string payload; ///< A JSON object.
  job_id run;          ///< Whose stream the number is of; none: the daemon's.
  job_id owner;        ///< Of a line: its step, or the run itself.
  job_id job;          ///< Whom it is about, of numbered ones.
  bool is_urgent = false; ///< The job that it is about has ended.
};
using live_message_ptr = std::shared_ptr<const live_message>;

/// The payload of a line or an event.
std::string payload_of(const entry_view& x);

/// job_update: a step has moved, or (with `step` behind the last) the run.
std::string update_payload(const run_progress& x, size_t step, timestamp now);

/// parent_job_progress of a run.
std::string progress_payload(const run_progress& x, timestamp now);

/// step_progress and job_step_progress of one step of a run.
std::string step_payload(const run_progress& x, size_t step, timestamp now);
std::string position_payload(const run_progress& x, size_t step, timestamp now);

std::string spawn_payload(const spawned_jobs& x, timestamp now);
std::string stats_payload(const storage::totals& x, timestamp now);

/// `instance` tells one start of the daemon from the next; "" leaves it out.
std::string status_payload(const storage::totals& x, std::string_view instance,
                           timestamp now);
std::string app_status_payload(const storage::totals& x, timestamp now);

/// Whether something is pending or running.
bool is_busy(const storage::totals& x);

/// A message of a WebSocket: {"type", "run"?, "seq"?, "payload"}.
void append_socket_message(std::string& out, const live_message& x);

/// An event of a server-sent stream.
void append_event(std::string& out, const live_message& x);
void append_event(std::string& out, std::string_view name, uint64_t number,
                  std::string_view data);

/// A message of a WebSocket outside of any stream.
std::string socket_message(std::string_view type, const value& payload,
                           const job_id& run = {});

} // namespace quaero
