#include "definitions/definition_version.hpp"

#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

#include <cstdint>
#include <cstdio>

namespace quaero {

std::string definition_version(const job_definition& x) {
  // FNV-1a: the same for ever, unlike std::hash.
  uint64_t hash = 0xcbf29ce484222325ull;
  for (unsigned char c : to_json(to_value(x)))
    hash = (hash ^ c) * 0x100000001b3ull;
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx",
                static_cast<unsigned long long>(hash));
  return digits;
}

bool names_version(std::string_view field, std::string_view version,
                   bool weak) {
  if (trim(field) == "*")
    return true;
  // A tag has no quote in it, but it may have a comma.
  while (!field.empty()) {
    auto open = field.find('"');
    if (open == std::string_view::npos)
      return false;
    auto close = field.find('"', open + 1);
    if (close == std::string_view::npos)
      return false;
    const bool is_weak = open >= 2 && field.substr(open - 2, 2) == "W/";
    auto tag = field.substr(open + 1, close - open - 1);
    if (tag.substr(0, tag.find('-')) == version && (weak || !is_weak))
      return true;
    field.remove_prefix(close + 1);
  }
  return false;
}

} // namespace quaero
