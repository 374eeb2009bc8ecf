#pragma once

#include <chrono>

namespace quaero::bench {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

inline double ms_since(clock::time_point begin) {
  return seconds_since(begin) * 1000;
}

} // namespace quaero::bench
