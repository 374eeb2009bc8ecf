#pragma once

#include "definitions/ids.hpp"
#include "definitions/job_definition.hpp"

#include <chrono>
#include <cstdint>

namespace quaero {

/// How long to wait after failed attempt number `attempt` (from 1):
/// min(backoff * 2^(attempt-1), backoff_max), plus or minus `jitter` of it.
/// The jitter is a function of `seed` and `attempt`, so that many jobs that
/// failed together come back apart, and a replay comes back the same.
std::chrono::nanoseconds retry_delay(const retry_policy& policy,
                                     uint32_t attempt, uint64_t seed);

} // namespace quaero
