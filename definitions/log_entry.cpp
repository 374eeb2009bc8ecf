#include "definitions/log_entry.hpp"

#include <cctype>

namespace quaero {

std::string to_string(log_level x) {
  switch (x) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warn:
      return "warn";
    case log_level::error:
      return "error";
  }
  return "unknown";
}

bool from_string(std::string_view text, log_level& out) {
  constexpr size_t text_size_max = 7; // "warning"
  if (text.size() > text_size_max)
    return false;
  std::string lower;
  for (auto c : text)
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // "all" asks for everything from the lowest level on.
  if (lower == "debug" || lower == "dbg" || lower == "all")
    out = log_level::debug;
  else if (lower == "info" || lower == "inf")
    out = log_level::info;
  else if (lower == "warn" || lower == "wrn" || lower == "warning")
    out = log_level::warn;
  else if (lower == "error" || lower == "err")
    out = log_level::error;
  else
    return false;
  return true;
}

std::string to_string(log_origin x) {
  switch (x) {
    case log_origin::manager:
      return "manager";
    case log_origin::step:
      return "step";
    case log_origin::worker:
      return "worker";
    case log_origin::system:
      return "system";
  }
  return "unknown";
}

} // namespace quaero
