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

/// The number of the event that says that an attempt starts.
constexpr uint32_t start_number(uint32_t attempt) {
  return 2 * attempt - 1;
}

} // namespace quaero
