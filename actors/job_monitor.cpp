#include "actors/job_monitor.hpp"

#include <utility>

namespace quaero {

void job_monitor_state::on_step(const step_progress& x) {
  child_counts all;
  for (auto& step : progress.steps) {
    if (step.name == x.name)
      step = x;
    all.pending += step.children.pending;
    all.running += step.children.running;
    all.completed += step.children.completed;
    all.failed += step.children.failed;
    all.cancelled += step.children.cancelled;
    all.documents += step.children.documents;
  }
  progress.children = all;
  const auto& limit = config.tolerance;
  if (limit && limit->max_child_failures > 0 && !exceeded
      && all.failed > static_cast<uint64_t>(limit->max_child_failures)) {
    exceeded = true;
    self->send(run, atom::exceeded_v, all.failed);
  }
  publish();
}

void job_monitor_state::on_status(job_status x) {
  progress.status = x;
  publish();
}

void job_monitor_state::publish() {
  changed = true;
  if (quiet && !is_terminal(progress.status))
    return;
  changed = false;
  auto block = std::make_shared<event_block>();
  block->progress.push_back(progress);
  self->send(hub, atom::publish_v, event_block_ptr{std::move(block)});
  if (!quiet && !is_terminal(progress.status)) {
    quiet = true;
    self->delayed_send(self, config.publish_every, atom::publish_v);
  }
}

void job_monitor_state::on_publish() {
  quiet = false;
  if (changed)
    publish();
}

actor_status job_monitor_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"open", static_cast<int64_t>(progress.children.open())}}};
}

job_monitor_impl::behavior_type
job_monitor(job_monitor_impl::stateful_pointer<job_monitor_state> self,
            job_monitor_config config, run_progress progress,
            manager_job_actor run, event_sink_actor hub) {
  auto& st = self->state;
  st.config = std::move(config);
  st.progress = std::move(progress);
  st.run = std::move(run);
  st.hub = std::move(hub);
  return {
    [self](atom::progress, const step_progress& x) { self->state.on_step(x); },
    [self](atom::status, job_status x) { self->state.on_status(x); },
    [self](atom::progress) { return self->state.progress; },
    [self](atom::publish) { self->state.on_publish(); },
    [self](atom::status) { return self->state.on_status(); },
  };
}

} // namespace quaero
