#include "programs/cli/terminal.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <langinfo.h>
#include <unistd.h>

namespace quaero::cli {

namespace {

struct code_range {
  uint32_t first;
  uint32_t last;
};

// The blocks that matter in titles and names; a full table is not worth it.
constexpr std::array<code_range, 11> zero_width{{{0x0300, 0x036F},
                                                 {0x0483, 0x0489},
                                                 {0x0591, 0x05BD},
                                                 {0x064B, 0x065F},
                                                 {0x1AB0, 0x1AFF},
                                                 {0x1DC0, 0x1DFF},
                                                 {0x200B, 0x200F},
                                                 {0x20D0, 0x20FF},
                                                 {0xFE00, 0xFE0F},
                                                 {0xFE20, 0xFE2F},
                                                 {0xE0100, 0xE01EF}}};

constexpr std::array<code_range, 10> double_width{{{0x1100, 0x115F},
                                                   {0x2E80, 0x303E},
                                                   {0x3041, 0xA4CF},
                                                   {0xAC00, 0xD7A3},
                                                   {0xF900, 0xFAFF},
                                                   {0xFE30, 0xFE6F},
                                                   {0xFF00, 0xFF60},
                                                   {0xFFE0, 0xFFE6},
                                                   {0x1F300, 0x1FAFF},
                                                   {0x20000, 0x3FFFD}}};

template <size_t N>
bool contains(const std::array<code_range, N>& ranges, uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const auto& r) {
    return code >= r.first && code <= r.last;
  });
}

struct character {
  size_t bytes;
  size_t columns;
  bool control;
};

// The first character of a text that is not empty.
character first_of(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  size_t bytes = lead < 0x80    ? 1
                 : lead >= 0xF0 ? 4
                 : lead >= 0xE0 ? 3
                 : lead >= 0xC0 ? 2
                                : 0;
  if (bytes == 0 || bytes > text.size())
    return {1, 1, false};
  uint32_t code = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80)
      return {1, 1, false};
    code = code << 6 | (next & 0x3Fu);
  }
  bool control = code < 0x20 || (code >= 0x7F && code < 0xA0)
                 || (code >= 0x202A && code <= 0x202E)
                 || (code >= 0x2066 && code <= 0x2069);
  size_t columns = contains(zero_width, code)     ? 0
                   : contains(double_width, code) ? 2
                                                  : 1;
  return {bytes, columns, control};
}

const char* colour_code(colour c) {
  switch (c) {
    case colour::red:
      return "31";
    case colour::green:
      return "32";
    case colour::yellow:
      return "33";
    case colour::cyan:
      return "36";
    case colour::grey:
      return "90";
    case colour::none:
      break;
  }
  return "0";
}

bool is_set(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0';
}

} // namespace

console standard_console() {
  std::setlocale(LC_CTYPE, "");
  console result{std::cout, std::cerr};
  result.unicode = std::string_view{nl_langinfo(CODESET)} == "UTF-8";
  const char* term = std::getenv("TERM");
  bool dumb = term != nullptr && std::string_view{term} == "dumb";
  result.terminal = ::isatty(STDOUT_FILENO) == 1;
  result.raw_output = !result.terminal;
  result.err_terminal = !dumb && ::isatty(STDERR_FILENO) == 1;
  result.in_terminal = ::isatty(STDIN_FILENO) == 1;
  if (!result.terminal)
    return result;
  result.terminal = !dumb;
  result.colours = !dumb && !is_set("NO_COLOR");
  result.width = width_default;
  read_size(result);
  return result;
}

void read_size(console& to) {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return;
  if (size.ws_col > 0)
    to.width = std::min<size_t>(size.ws_col, width_max);
  if (size.ws_row > 0)
    to.height = size.ws_row;
}

std::string paint(const console& to, colour c, std::string_view text) {
  if (!to.colours || c == colour::none)
    return std::string{text};
  return std::string{"\x1b["} + colour_code(c) + 'm' + std::string{text}
         + "\x1b[0m";
}

colour status_colour(std::string_view status) {
  if (status == "completed")
    return colour::green;
  if (status == "failed")
    return colour::red;
  if (status == "running")
    return colour::cyan;
  if (status == "cancelled" || status == "skipped")
    return colour::yellow;
  return colour::grey;
}

size_t display_width(std::string_view text) {
  size_t result = 0;
  while (!text.empty()) {
    auto c = first_of(text);
    result += c.columns;
    text.remove_prefix(c.bytes);
  }
  return result;
}

std::string cut(std::string_view text, size_t columns) {
  if (display_width(text) <= columns)
    return std::string{text};
  if (columns == 0)
    return "";
  size_t used = 0;
  size_t bytes = 0;
  while (bytes < text.size()) {
    auto c = first_of(text.substr(bytes));
    if (used + c.columns > columns - 1)
      break;
    used += c.columns;
    bytes += c.bytes;
  }
  return std::string{text.substr(0, bytes)} + "…";
}

std::string count_text(int64_t n) {
  auto result = std::to_string(n);
  for (auto at = static_cast<int64_t>(result.size()) - 3; at > (n < 0 ? 1 : 0);
       at -= 3)
    result.insert(static_cast<size_t>(at), 1, ',');
  return result;
}

std::string one_line(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto c = first_of(text);
    if (c.control)
      result += ' ';
    else
      result += text.substr(0, c.bytes);
    text.remove_prefix(c.bytes);
  }
  return result;
}

void print_text(const console& to, std::string_view text) {
  if (to.raw_output) {
    to.out << text << (text.ends_with('\n') ? "" : "\n");
    return;
  }
  for (size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    to.out << one_line(text.substr(at, end - at)) << '\n';
    at = end + 1;
  }
}

} // namespace quaero::cli
