#pragma once

#include "definitions/value.hpp"

#include <string>
#include <string_view>

namespace quaero {

struct json_limits {
  size_t depth_max = 100;              ///< Nested arrays and objects.
  size_t bytes_max = 16 * 1024 * 1024; ///< Of the text.
};

/// Reads one JSON text. Refuses trailing text, invalid UTF-8, a repeated
/// member name, numbers outside of double and what `limits` forbids.
/// @returns false and a message with line and column in `error`; `out` is then
///          left alone.
bool parse_json(std::string_view text, value& out, std::string& error,
                const json_limits& limits = {});

/// Takes the parts of a JSON text one by one, without a tree. Views are good
/// during the call only. Who returns false ends the reading.
class json_sink {
public:
  virtual ~json_sink() = default;
  virtual bool on_null() = 0;
  virtual bool on_bool(bool x) = 0;
  virtual bool on_int(int64_t x) = 0;
  virtual bool on_double(double x) = 0; ///< Whole numbers beyond int64_t too.
  virtual bool on_string(std::string_view x) = 0;
  virtual bool on_key(std::string_view x) = 0;
  /// An object or an array whose bracket is the byte `offset` of the text.
  virtual bool on_open(bool is_object, size_t offset) = 0;
  /// The innermost one ends before the byte `offset`.
  virtual bool on_close(size_t offset) = 0;
};

/// Reads one JSON text by the rules of parse_json().
/// @returns false if it breaks one, with a message in `error`, or if the sink
///          wants no more; `error` is then left alone.
bool scan_json(std::string_view text, json_sink& sink, std::string& error,
               const json_limits& limits = {});

/// One line, no blanks, members in their order. Invalid UTF-8 is replaced by
/// U+FFFD; NaN and infinity become null.
std::string to_json(const value& x);

/// The same, indented by two blanks.
std::string to_pretty_json(const value& x);

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// `text` with each malformed sequence replaced by U+FFFD.
std::string to_utf8(std::string_view text);

} // namespace quaero
