#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace quaero::bench {

namespace {

/// Each doubling of the time is cut into so many steps (half of them below).
constexpr unsigned step_bits = 11;
constexpr uint64_t steps = uint64_t{1} << step_bits;
constexpr unsigned doublings = 64 - step_bits;

/// Exact below `steps`; above, by the first `step_bits` bits.
size_t place_of(uint64_t ns) {
  if (ns < steps)
    return ns;
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - step_bits;
  return shift * (steps / 2) + (ns >> shift);
}

/// The largest that has that place.
uint64_t largest_at(size_t place) {
  if (place < steps)
    return place;
  const auto shift = place / (steps / 2) - 1;
  const auto head = place - shift * (steps / 2);
  return ((head + 1) << shift) - 1;
}

double as_us(uint64_t ns) {
  return static_cast<double>(ns) / 1000;
}

} // namespace

histogram::histogram() : counts_(steps + doublings * (steps / 2)) {}

void histogram::add(std::chrono::nanoseconds x) {
  const auto ns = static_cast<uint64_t>(std::max<int64_t>(x.count(), 0));
  ++counts_[place_of(ns)];
  ++count_;
  max_ns_ = std::max(max_ns_, ns);
}

double histogram::us_at(double share) const {
  if (count_ == 0)
    return 0;
  const auto wanted
    = static_cast<uint64_t>(share * static_cast<double>(count_));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen > wanted || seen == count_)
      return as_us(std::min(largest_at(i), max_ns_));
  }
  return as_us(max_ns_);
}

double histogram::max_us() const {
  return as_us(max_ns_);
}

value as_value(const histogram& x) {
  return value::make_object({{"p50_us", x.us_at(0.5)},
                             {"p90_us", x.us_at(0.9)},
                             {"p99_us", x.us_at(0.99)},
                             {"p999_us", x.us_at(0.999)},
                             {"max_us", x.max_us()}});
}

std::string to_string(const histogram& x) {
  char out[96];
  std::snprintf(out, sizeof out, "p50 %.0f us, p99 %.0f us, max %.0f us",
                x.us_at(0.5), x.us_at(0.99), x.max_us());
  return out;
}

} // namespace quaero::bench
