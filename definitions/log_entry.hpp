#pragma once

#include "definitions/ids.hpp"
#include "definitions/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quaero {

enum class log_level : uint8_t { debug, info, warn, error };

inline constexpr size_t log_level_count = 4;

std::string to_string(log_level x);

/// Reads a level; also the short forms of older clients (INF, WRN, ERR, DBG,
/// err, warning, all).
bool from_string(std::string_view text, log_level& out);

/// Who said it.
enum class log_origin : uint8_t { manager, step, worker, system };

std::string to_string(log_origin x);

/// One line of a log, as somebody says it.
struct log_line {
  job_id job; ///< Whose line it is.
  /// The step (or, for what belongs to no step, the manager job) whose numbered
  /// log it goes to.
  job_id owner;
  job_id manager;
  log_level level = log_level::info;
  log_origin origin = log_origin::worker;
  timestamp at{};
  std::string message; ///< UTF-8.

  bool operator==(const log_line&) const = default;
};

/// A line of a log as it is stored: numbered.
struct log_entry {
  log_line line;
  uint64_t index = 0;    ///< From 1, in its owner's log; every level counts.
  uint64_t sequence = 0; ///< Ascending over all of the daemon's lines.
  /// Lines of each level in the owner's log up to and with this one, so that
  /// the last line tells every total.
  std::array<uint64_t, log_level_count> totals{};

  /// From 1, counts the lines at info and above only: the default view has no
  /// holes. A debug line has the number of the line before it.
  uint64_t line_number() const { return totals[1] + totals[2] + totals[3]; }

  bool operator==(const log_entry&) const = default;
};

} // namespace quaero
