#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// What a worker type does with a step, without an actor around it. One call
/// at a time. May throw: the message becomes the step's error.
class definition_logic {
public:
  virtual ~definition_logic() = default;

  /// What is wrong with the configuration, sentence by sentence.
  virtual std::vector<std::string> validate(const step& x) = 0;

  /// Looks at the work; changes nothing.
  virtual init_result init(const step_context& x) = 0;

  /// Makes the jobs, or does the work.
  virtual step_output create(const step_context& x, const init_result& found)
    = 0;
};

struct definition_worker_state {
  static constexpr const char* name = "definition-worker";

  explicit definition_worker_state(definition_worker_actor::pointer) {}

  std::shared_ptr<definition_logic> logic;
};

/// Serves steps with `logic`. Spawn it detached if the logic blocks.
/// Errors: ec::worker_failed with the logic's exception.
definition_worker_actor::behavior_type definition_worker(
  definition_worker_actor::stateful_pointer<definition_worker_state> self,
  std::shared_ptr<definition_logic> logic);

/// A line for init_result and step_output: the step adds whose it is.
log_line say(log_level level, std::string message);

} // namespace quaero
