#pragma once

#include "actors/messages.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// A pool as its status tells of it.
struct pool_row {
  std::string type;
  int64_t slots = 0;
  int64_t running = 0;
};

/// 0 if there is no such number.
inline int64_t number_of(const actor_status& x, std::string_view name) {
  for (const auto& [key, number] : x.numbers)
    if (key == name)
      return number;
  return 0;
}

/// The pools below the QUEUE.
inline std::vector<pool_row> pools_of(const actor_status& queue) {
  constexpr std::string_view suffix = "-pool";
  std::vector<pool_row> out;
  for (const auto& x : queue.below)
    if (x.name.ends_with(suffix))
      out.push_back({x.name.substr(0, x.name.size() - suffix.size()),
                     number_of(x, "slots"), number_of(x, "running")});
  return out;
}

} // namespace quaero
