#pragma once

#include "actors/queue_messages.hpp"

#include <cstdint>
#include <string_view>

namespace quaero {

/// Adds to `change` that an attempt of a worker pool starts, and before it the
/// end of an earlier one that nobody ended.
/// @param node the other machine that has the attempt: nobody else may claim it
///             after a restart. "" is none.
void add_start(commit& change, const leased_job& lease, timestamp at,
               std::string_view node = {});

/// The end of the attempt `x` that a daemon's end interrupted, for the job that
/// has begun it.
job_event end_of_interrupted(const job_id& job, uint64_t epoch, uint32_t x,
                             timestamp at);

/// The number of the event that says that an attempt starts.
constexpr uint32_t start_number(uint32_t attempt) {
  return 2 * attempt - 1;
}

/// The same for its end.
constexpr uint32_t end_number(uint32_t attempt) {
  return 2 * attempt;
}

} // namespace quaero
