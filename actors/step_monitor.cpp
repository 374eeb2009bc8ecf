#include "actors/step_monitor.hpp"

#include "actors/mutation.hpp"

#include <utility>

namespace quaero {

namespace {

void add(uint64_t& to, int64_t change) {
  to = static_cast<uint64_t>(static_cast<int64_t>(to) + change);
}

} // namespace

void step_monitor_state::on_count(const step_delta& delta) {
  auto& counts = progress.children;
  add(counts.pending, delta.created - delta.started - delta.dropped);
  add(counts.running,
      delta.started - delta.completed - delta.failed - delta.cancelled);
  add(counts.completed, delta.completed);
  if (!mutated(mutation::failure_not_counted))
    add(counts.failed, delta.failed);
  add(counts.cancelled, delta.cancelled + delta.dropped);
  add(counts.documents, delta.documents);
  self->send(monitor, atom::progress_v, progress);
  check();
}

void step_monitor_state::on_sealed() {
  if (makers > 0)
    --makers;
  check();
}

actor_status step_monitor_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"open", static_cast<int64_t>(progress.children.open())},
           {"sealed", makers == 0 ? 1 : 0}}};
}

bool step_monitor_state::on_attach() {
  if (done)
    return false;
  ++makers;
  return true;
}

void step_monitor_state::check() {
  if (makers != 0 || done || progress.children.open() != 0)
    return;
  done = true;
  self->send(watcher, atom::done_v, progress.children);
}

step_monitor_actor::behavior_type
step_monitor(step_monitor_actor::stateful_pointer<step_monitor_state> self,
             step_progress progress, step_watcher_actor watcher,
             job_monitor_actor monitor) {
  auto& st = self->state;
  st.progress = std::move(progress);
  st.watcher = std::move(watcher);
  st.monitor = std::move(monitor);
  return {
    [self](atom::count, const step_delta& x) { self->state.on_count(x); },
    [self](atom::sealed) { self->state.on_sealed(); },
    [self](atom::attach) { return self->state.on_attach(); },
    [self](atom::progress) { return self->state.progress.children; },
    [self](atom::status) { return self->state.on_status(); },
  };
}

} // namespace quaero
