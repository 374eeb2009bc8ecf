#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <string>

namespace quaero {

using definition_workers = std::map<std::string, definition_worker_actor>;

/// Which worker serves which step.
struct step_manager_state {
  static constexpr const char* name = "step-manager";

  explicit step_manager_state(step_manager_actor::pointer ptr) : self{ptr} {}

  step_manager_actor::pointer self;
  definition_workers workers;

  caf::typed_response_promise<std::vector<std::string>>
  on_validate(const step& x);
  caf::typed_response_promise<init_result> on_init(const step_context& x);
  caf::typed_response_promise<step_output> on_create(const step_context& x,
                                                     const init_result& found);
  void on_forget(const std::string& type, const job_id& id);

  const definition_worker_actor* find(const std::string& type) const;
  void init_validated(caf::typed_response_promise<init_result> reply,
                      const step_context& x,
                      const std::vector<std::string>& problems);
};

/// Routes what a step needs to the worker of its type. Knows no job's state.
/// Errors: ec::no_worker "no worker registered for step type: T";
/// ec::invalid_argument "invalid step configuration: ..."; ec::worker_failed
/// "worker init failed: ...".
step_manager_actor::behavior_type
step_manager(step_manager_actor::stateful_pointer<step_manager_state> self,
             definition_workers workers);

} // namespace quaero
