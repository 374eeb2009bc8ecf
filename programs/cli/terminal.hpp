#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

namespace quaero::cli {

inline constexpr size_t width_default = 80; ///< Columns, if nobody knows.
inline constexpr size_t width_max = 400;    ///< Columns.

/// Where a command writes and what may be written there.
struct console {
  std::ostream& out;     ///< What was asked for.
  std::ostream& err;     ///< Everything else.
  bool terminal = false; ///< `out` is a terminal: lines may be redrawn.
  bool colours = false;
  bool unicode = true; ///< Bars and rules may use more than ASCII.
  size_t width = 0;    ///< Columns; 0 = lines are never cut.
  size_t height = 24;  ///< Rows.
};

/// This process's standard output and error. Colours need a terminal, an unset
/// NO_COLOR and a TERM other than "dumb".
console standard_console();

enum class colour { none, red, green, yellow, cyan, grey };

/// `text` in that colour, or as it is if the console has none.
std::string paint(const console& to, colour c, std::string_view text);

/// The colour of a job's status.
colour status_colour(std::string_view status);

/// Columns that `text` takes: 2 for wide characters, 0 for combining ones.
/// Malformed UTF-8 counts 1 a byte.
size_t display_width(std::string_view text);

/// `text` cut to that many columns; what was cut ends in "…".
std::string cut(std::string_view text, size_t columns);

/// One line that is safe to print: control characters (also those that would
/// steer the terminal) become blanks.
std::string one_line(std::string_view text);

} // namespace quaero::cli
