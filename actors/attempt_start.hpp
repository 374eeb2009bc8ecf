#pragma once

#include "actors/queue_messages.hpp"

namespace quaero {

/// Adds to `change` that an attempt of a worker pool starts, and before it the
/// end of an earlier one that nobody ended.
void add_start(commit& change, const leased_job& lease, timestamp at);

} // namespace quaero
