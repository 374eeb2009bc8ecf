#include "definitions/api_access.hpp"

namespace quaero {

std::string to_string(access_scope x) {
  switch (x) {
    case access_scope::read:
      return "read";
    case access_scope::submit:
      return "submit";
    case access_scope::operate:
      return "operate";
    case access_scope::admin:
      return "admin";
  }
  return "unknown";
}

bool from_string(std::string_view text, access_scope& out) {
  for (uint8_t i = 0; i < access_scope_count; ++i) {
    auto x = static_cast<access_scope>(i);
    if (text == to_string(x)) {
      out = x;
      return true;
    }
  }
  return false;
}

} // namespace quaero
