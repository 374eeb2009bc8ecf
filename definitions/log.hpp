#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

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

void debug(std::string_view event, fields xs = {});
void info(std::string_view event, fields xs = {});
void warn(std::string_view event, fields xs = {});
void error(std::string_view event, fields xs = {});

} // namespace quaero::log
