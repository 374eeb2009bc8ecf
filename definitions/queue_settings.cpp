#include "definitions/queue_settings.hpp"

#include <algorithm>

namespace quaero {

bool is_queue_name(std::string_view text) {
  auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= queue_name_bytes_max
         && plain(text.front())
         && std::all_of(text.begin(), text.end(), [&](char c) {
              return plain(c) || c == '.' || c == '_' || c == '-';
            });
}

} // namespace quaero
