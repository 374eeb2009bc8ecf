#include "actors/definition_worker.hpp"

#include <exception>
#include <utility>

namespace quaero {

namespace {

/// What `f` returns, or the error that its exception says.
template <class F>
auto guarded(F f) -> caf::result<decltype(f())> {
  try {
    return f();
  } catch (const std::exception& e) {
    return make_error(ec::worker_failed, e.what());
  }
}

} // namespace

log_line say(log_level level, std::string message) {
  log_line line;
  line.level = level;
  line.message = std::move(message);
  return line;
}

definition_worker_actor::behavior_type definition_worker(
  definition_worker_actor::stateful_pointer<definition_worker_state> self,
  std::shared_ptr<definition_logic> logic) {
  self->state.logic = std::move(logic);
  return {
    [self](atom::validate, const step& x) {
      return guarded([&] { return self->state.logic->validate(x); });
    },
    [self](atom::init, const step_context& x) {
      return guarded([&] { return self->state.logic->init(x); });
    },
    [self](atom::create, const step_context& x, const init_result& found) {
      return guarded([&] { return self->state.logic->create(x, found); });
    },
    [](atom::forget, const job_id&) {}, // remembers nothing
  };
}

} // namespace quaero
