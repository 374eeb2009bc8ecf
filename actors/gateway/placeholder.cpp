#include "actors/gateway/placeholder.hpp"

#include <algorithm>

namespace quaero {

bool has_placeholder(const value& x) {
  if (x.is_string()) {
    const auto& text = x.as_string();
    auto open = text.find('{');
    return open != std::string::npos
           && text.find('}', open) != std::string::npos;
  }
  if (x.is_array())
    return std::any_of(x.as_array().begin(), x.as_array().end(),
                       has_placeholder);
  if (x.is_object())
    return std::any_of(x.as_object().begin(), x.as_object().end(),
                       [](const auto& m) { return has_placeholder(m.second); });
  return false;
}

} // namespace quaero
