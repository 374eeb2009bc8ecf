#include "actors/retry.hpp"

#include <algorithm>

namespace quaero {

namespace {

/// A well mixed function of its argument (SplitMix64's finaliser).
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

} // namespace

std::chrono::nanoseconds retry_delay(const retry_policy& policy,
                                     uint32_t attempt, uint64_t seed) {
  double wait = static_cast<double>(policy.backoff.count());
  const auto longest = static_cast<double>(policy.backoff_max.count());
  for (uint32_t i = 1; i < attempt && wait < longest; ++i)
    wait *= 2;
  wait = std::min(wait, longest);
  const double unit = static_cast<double>(mix(seed + attempt) >> 11) * 0x1p-53;
  wait *= 1.0 + policy.jitter * (2.0 * unit - 1.0);
  return std::chrono::nanoseconds{static_cast<int64_t>(std::max(wait, 0.0))};
}

} // namespace quaero
