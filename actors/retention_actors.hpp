#pragma once

#include "actors/messages.hpp"
#include "definitions/time.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>

/// Who removes what has been over for long enough, and gives its room back.
namespace quaero {

/// What RETENTION has done since the daemon started. A tree is a run with all
/// that is below it, or a single job.
struct retention_report {
  bool limited = false; ///< Something has a limit; else there is no pass.
  bool running = false; ///< A pass goes on.
  timestamp last_at{};  ///< The end of the last pass; zero: none.
  timestamp next_at{};  ///< Zero: now, or never.
  uint64_t passes = 0;
  uint64_t trees = 0;      ///< Removed.
  uint64_t jobs = 0;       ///< In them, themselves included.
  uint64_t kept = 0;       ///< Trees that were due and could not be removed.
  uint64_t last_trees = 0; ///< Of the pass that is the last or goes on.
  uint64_t last_jobs = 0;
};

/// What COMPACTOR has done since the daemon started.
struct compaction_report {
  bool running = false;
  timestamp last_at{}; ///< The end of the last one; zero: none.
  uint64_t compactions = 0;
  std::chrono::nanoseconds last_took{};
};

/// RETENTION: removes runs and jobs that are over by age and number.
using retention_actor
  = caf::typed_actor<caf::replies_to<atom::status>::with<actor_status>,
                     caf::replies_to<atom::get>::with<retention_report>,
                     // From now on it makes passes; the first at once. Once,
                     // after recovery.
                     caf::reacts_to<atom::recover>>;

/// COMPACTOR: gives the room of what is gone back to the disk.
using compactor_actor
  = caf::typed_actor<caf::replies_to<atom::status>::with<actor_status>,
                     caf::replies_to<atom::get>::with<compaction_report>,
                     // From now on it looks whether there is something to do.
                     // Once.
                     caf::reacts_to<atom::recover>>;

} // namespace quaero

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::retention_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::compaction_report)
