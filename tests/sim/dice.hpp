#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace quaero::sim {

/// Numbers that one seed decides, the same ones with every library.
class dice {
public:
  explicit dice(uint64_t seed) : engine_{seed} {}

  /// From 0 to `n` - 1. REQUIRES: n > 0.
  uint64_t below(uint64_t n) { return engine_() % n; }

  /// From `low` to `high`, both included.
  uint64_t from(uint64_t low, uint64_t high) {
    return low + below(high - low + 1);
  }

  /// In `percent` of 100 cases.
  bool chance(uint64_t percent) { return below(100) < percent; }

  /// One of them. REQUIRES: not empty.
  template <class Container>
  auto& any(Container& xs) {
    return xs[below(xs.size())];
  }

private:
  std::mt19937_64 engine_;
};

} // namespace quaero::sim
