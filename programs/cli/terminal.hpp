#pragma once

#include <cstddef>
#include <cstdint>
#include <iostream>
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
  bool unicode = true;       ///< Bars and rules may use more than ASCII.
  size_t width = 0;          ///< Columns; 0 = lines are never cut.
  size_t height = 24;        ///< Rows.
  bool raw_output = true;    ///< `out` is no terminal of any kind.
  bool err_terminal = false; ///< Like `terminal`, of `err`.
  bool in_terminal = false;  ///< Somebody can be asked.
  std::istream* in = &std::cin;
};

/// This process's standard output and error. Colours need a terminal, an unset
/// NO_COLOR and a TERM other than "dumb".
console standard_console();

/// The size of the terminal that is standard output, into `width` and `height`;
/// leaves them alone if it has none.
void read_size(console& to);

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

/// "1,234,567".
std::string count_text(int64_t n);

/// One line that is safe to print: control characters (also those that would
/// steer the terminal) become blanks.
std::string one_line(std::string_view text);

/// Writes a text of several lines, with a line end. On a terminal it is made
/// safe line by line; elsewhere it goes out as it is.
void print_text(const console& to, std::string_view text);

} // namespace quaero::cli
