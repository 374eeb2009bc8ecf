#include "actors/deadlines.hpp"
#include "actors/manager_job.hpp"
#include "definitions/explanation.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

// -- a step that is cancelled alone -------------------------------------------

ack_promise manager_job_state::on_stop_step(const job_id& id) {
  auto reply = self->make_response_promise<void>();
  auto i = std::find_if(nodes.begin(), nodes.end(),
                        [&](const auto& x) { return x.id == id; });
  if (i == nodes.end() || i->status != job_status::running || !i->actor) {
    reply.deliver(make_error(ec::conflict, "the step is over"));
    return reply;
  }
  i->stop_waiting.push_back(reply);
  const auto which = static_cast<size_t>(i - nodes.begin());
  if (!i->stopped) {
    log(log_level::warn,
        "Step '" + step_at(which).name + "': cancelled by user");
    self->send(i->actor, atom::cancel_v, atom::job_v);
    stop_step(which);
  }
  return reply;
}

/// Has the QUEUE start nothing of the step any more.
void manager_job_state::stop_step(size_t i) {
  nodes[i].stopped = true;
  self->request(actors.queue, cancel_deadline, atom::cancel_v, nodes[i].id)
    .then(
      [this, i] {
        nodes[i].queue_idle = true;
        answer_stop(i);
      },
      [this, i](caf::error& e) {
        for (auto& x : std::exchange(nodes[i].stop_waiting, {}))
          x.deliver(e);
      });
}

void manager_job_state::answer_stop(size_t i) {
  auto& node = nodes[i];
  if (!node.stopped || !node.queue_idle || !is_terminal(node.status))
    return;
  self->send(actors.queue, atom::forget_v, node.id);
  for (auto& x : std::exchange(node.stop_waiting, {}))
    acknowledge(x);
}

// -- what a run waits for -----------------------------------------------------

explanation manager_job_state::explain_run() const {
  if (cancelled_all || cancelling || ending)
    return {job_reason::cancelling, "the run is being ended"};
  if (before_next < config.definition.pre_jobs.size()) {
    const auto& id = config.definition.pre_jobs[before_next];
    return {job_reason::waiting_for_run,
            "it waits for its pre job '" + id + "'",
            value::make_object(
              {{"definition", id}, {"run", to_string(awaited.run)}})};
  }
  value::array active;
  value::array waiting;
  std::string names;
  uint64_t over = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& name_of = step_at(i).name;
    over += uint64_t{is_terminal(nodes[i].status)};
    if (nodes[i].status == job_status::running) {
      names += (names.empty() ? "" : ", ") + name_of;
      active.emplace_back(name_of);
    } else if (nodes[i].status == job_status::pending) {
      value::array depends;
      for (const auto& x : step_at(i).depends)
        if (!is_terminal(nodes[index_of(x)].status))
          depends.emplace_back(x);
      waiting.push_back(value::make_object(
        {{"step", name_of}, {"waits_for", std::move(depends)}}));
    }
  }
  auto detail = std::to_string(over) + " of " + std::to_string(nodes.size())
                + " steps are over; it waits for " + names;
  return {job_reason::waiting_for_steps, std::move(detail),
          value::make_object({{"steps", uint64_t{nodes.size()}},
                              {"over", over},
                              {"running", std::move(active)},
                              {"waiting", std::move(waiting)}})};
}

caf::result<explanation> manager_job_state::on_explain(const job_id& id) {
  if (id == config.record.id)
    return explain_run();
  auto i = std::find_if(nodes.begin(), nodes.end(),
                        [&](const auto& x) { return x.id == id; });
  if (i == nodes.end() || !i->actor)
    return make_error(ec::not_found, "the step is over");
  return self->delegate(i->actor, atom::explain_v);
}

} // namespace quaero
