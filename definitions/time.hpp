#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace quaero {

/// A moment in UTC, nanoseconds since 1970. Equal to `caf::timestamp`.
using timestamp = std::chrono::time_point<std::chrono::system_clock,
                                          std::chrono::nanoseconds>;

/// Tells the time of day. Passed in wherever the time is needed, so that a
/// test decides what time it is. Implementations may be called by any thread.
class wall_clock {
public:
  virtual ~wall_clock() = default;
  virtual timestamp now() const = 0;
};

/// The machine's clock. Lives for ever.
const wall_clock& system_wall_clock();

/// RFC 3339 in UTC with milliseconds: "2026-01-20T02:00:04.118Z".
std::string to_rfc3339(timestamp t);

/// Reads RFC 3339 with any number of fraction digits and any offset.
/// @returns false, and leaves `out` alone, if `text` is anything else.
bool from_rfc3339(std::string_view text, timestamp& out);

/// Reads a duration as users write it: "90s", "30m", "2h30m", "1.5h", "250ms".
/// Units: ms, s, m, h, d.
/// @returns false if `text` is anything else, negative or above 10 years.
bool parse_duration(std::string_view text, std::chrono::nanoseconds& out);

/// The shortest exact form that parse_duration() reads: "2h30m", "250ms".
/// Rounds to milliseconds.
std::string format_duration(std::chrono::nanoseconds d);

} // namespace quaero
