#pragma once

#include "definitions/job_state.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

/// How long what is over stays.
namespace quaero {

/// The states that limits are for, in the order of all arrays of them.
inline constexpr std::array<job_status, 3> retained_states{
  job_status::completed, job_status::failed, job_status::cancelled};

/// The greatest age that can be asked for: ten years of 365 days.
inline constexpr std::chrono::hours retention_age_max{24 * 3650};
inline constexpr uint64_t retention_count_max = 1'000'000;

/// Of runs and single jobs that ended in one state.
struct retention_limit {
  std::chrono::nanoseconds age{}; ///< Since the end; 0 is unlimited.
  uint64_t count = 0; ///< So many of the newest stay; 0 is unlimited.

  bool operator==(const retention_limit&) const = default;
  bool unlimited() const { return age.count() == 0 && count == 0; }
};

using retention_limits = std::array<retention_limit, retained_states.size()>;

/// What a definition says about its runs of one state; what is absent is as in
/// the settings.
struct retention_term {
  std::optional<std::chrono::nanoseconds> age;
  std::optional<uint64_t> count;

  bool operator==(const retention_term&) const = default;
  bool empty() const { return !age && !count; }
};

using retention_terms = std::array<retention_term, retained_states.size()>;

inline bool is_empty(const retention_terms& x) {
  for (const auto& one : x)
    if (!one.empty())
      return false;
  return true;
}

} // namespace quaero
