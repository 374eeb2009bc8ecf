#pragma once

#include "actors/messages.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// A pool as its status tells of it.
struct pool_row {
  std::string node; ///< "" is this machine.
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

/// The pools below the QUEUE: "TYPE-pool", and "NODE/TYPE-pool" of a node.
inline std::vector<pool_row> pools_of(const actor_status& queue) {
  constexpr std::string_view suffix = "-pool";
  std::vector<pool_row> out;
  for (const auto& x : queue.below)
    if (x.name.ends_with(suffix)) {
      const auto slash = x.name.find('/');
      const auto begin = slash == x.name.npos ? 0 : slash + 1;
      const auto end = x.name.size() - suffix.size();
      out.push_back({x.name.substr(0, begin == 0 ? 0 : slash),
                     x.name.substr(begin, end - begin), number_of(x, "slots"),
                     number_of(x, "running")});
    }
  return out;
}

} // namespace quaero
