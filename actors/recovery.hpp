#pragma once

#include "actors/messages.hpp"

namespace quaero {

/// Reads all that was going on when the daemon stopped: the runs that are not
/// over with their steps, and every queue entry.
/// Bounds: one entry a queued job; the events of the steps that are not over
/// and of their children. Finished runs are not looked at.
storage::status read_recovery(const storage::store& db, recovery& out);

} // namespace quaero
