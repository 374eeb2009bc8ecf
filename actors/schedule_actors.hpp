#pragma once

#include "actors/messages.hpp"
#include "definitions/schedule.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <string>
#include <vector>

/// Part of actors.hpp: who starts runs when their time has come, and what that
/// actor is told by others.
namespace quaero {

/// How the schedule of a definition stands.
struct schedule_view {
  std::string definition_id;
  schedule_record record;
  timestamp counted{};         ///< It fires after this; zero: it does not fire.
  std::vector<timestamp> owed; ///< Missed ticks that get a run, in order.
};

struct schedule_list {
  bool firing = false; ///< Else the daemon starts, or stops.
  std::vector<schedule_view> schedules;
};

/// A RUN WATCHER wants to know which definitions have a run that goes on.
using run_watcher_actor = caf::typed_actor<
  // This run of this definition goes on (true), or is over.
  caf::reacts_to<atom::watch, std::string, job_id, bool>>;

/// A DEFINITION WATCHER wants to know of definitions, too. Without a run, and
/// false: no run of that definition goes on, whatever was said before.
using definition_watcher_actor = run_watcher_actor::extend<
  // The definition is stored, committed.
  caf::reacts_to<atom::put, job_definition>,
  // It is removed, committed.
  caf::reacts_to<atom::remove, std::string>>;

/// The SCHEDULER: starts runs when their time has come.
using scheduler_actor = definition_watcher_actor::extend<
  caf::replies_to<atom::status>::with<actor_status>,
  // Every schedule that fires or has fired, in no order.
  caf::replies_to<atom::list>::with<schedule_list>,
  // Reads the schedules; from now on they fire. Once, when runs may start.
  caf::reacts_to<atom::recover>,
  // From now on none fires.
  caf::reacts_to<atom::drain>>;

} // namespace quaero

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::schedule_list)
