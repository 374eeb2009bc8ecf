#pragma once

#include "definitions/log_entry.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The daemon's own log: one line an event, to standard error. An event has a
/// stable name (`queue.refused`) so that logs can be counted; what belongs to
/// it are fields. Job logs are data and go to the LOG COLLECTOR instead.
/// Any thread may call these.
namespace quaero::log {

struct field {
  std::string_view name;
  std::string text;

  field(std::string_view n, std::string x) : name{n}, text{std::move(x)} {}
  field(std::string_view n, std::string_view x) : name{n}, text{x} {}
  field(std::string_view n, const char* x) : name{n}, text{x} {}
  template <class Number>
  requires std::is_arithmetic_v<Number> field(std::string_view n, Number x)
    : name{n}, text{std::to_string(x)} {}
};

using fields = std::initializer_list<field>;

enum class format : uint8_t { text, json };

/// Sets what is written: lines of `level` (debug, info, warn, error, off) and
/// above. Call it once, before the first thread.
void setup(std::string_view level, format how);

/// Whether debug() writes anything; making its fields may cost more than that.
bool shows_debug();
/// A line that was written.
struct line {
  uint64_t index = 0; ///< From 1, since the process started.
  timestamp at{};
  log_level level = log_level::info;
  std::string message;
};

/// How many of the newest lines stay in memory; a longer one is cut.
inline constexpr size_t recent_lines_max = 5000;
inline constexpr size_t recent_line_bytes_max = 2048;

/// Those of them with a greater index than `after`, of `level` and above:
/// the newest `limit`, or the oldest. Ascending.
std::vector<line> recent(uint64_t after, size_t limit, log_level level,
                         bool newest);

void debug(std::string_view event, fields xs = {});
void info(std::string_view event, fields xs = {});
void warn(std::string_view event, fields xs = {});
void error(std::string_view event, fields xs = {});

} // namespace quaero::log
