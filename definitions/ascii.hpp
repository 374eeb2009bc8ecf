#pragma once

#include <string>
#include <string_view>

/// Text as protocols compare it: ASCII, whatever the locale says.
namespace quaero {

/// Without the blanks and line breaks at both ends.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A to Z in lower case, all else as it is.
inline std::string to_lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

} // namespace quaero
