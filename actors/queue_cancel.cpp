#include "actors/queue.hpp"

#include <utility>

namespace quaero {

bool queue_state::is_cancelled(const scope& x) const {
  return !cancelled.empty()
         && (cancelled.count(x.manager) != 0 || cancelled.count(x.step) != 0);
}

bool queue_state::is_cancelled(const queued_job& x) const {
  return x.stopped || is_cancelled(scopes[x.scope]);
}

// -- runs and steps -----------------------------------------------------------

ack_promise queue_state::on_cancel(const job_id& whole) {
  auto reply = self->make_response_promise<void>();
  cancelled[whole].push_back(reply);
  std::unordered_map<caf::actor_addr, id_list> running;
  for (auto& x : scopes)
    if (x.manager == whole || x.step == whole)
      cancel_scope(x, running);
  send_cancels(std::move(running));
  check_idle(whole);
  arm_flush();
  return reply;
}

void queue_state::cancel_scope(
  scope& x, std::unordered_map<caf::actor_addr, id_list>& running) {
  for (auto* job = x.jobs.front(); job != nullptr;
       job = job_list<&queued_job::scope_link>::behind(*job)) {
    if (job->place == queue_place::ready || job->place == queue_place::delayed)
      cancel_entry(*job);
    else if (job->place == queue_place::leased && job->body->pool)
      running[job->body->pool].ids.push_back(job->id);
    // Else its pool is lost, and its attempt is being ended.
  }
}

void queue_state::send_cancels(
  std::unordered_map<caf::actor_addr, id_list> running) {
  for (auto& [type, where] : types)
    for (auto& x : where.pools)
      if (auto i = running.find(x.handle.address()); i != running.end()) {
        self->send(x.handle, atom::cancel_v, std::move(i->second));
        running.erase(i);
      }
}

bool queue_state::is_idle(const job_id& whole) const {
  return live_of_run.count(whole) == 0 && scope_of_step.count(whole) == 0;
}

void queue_state::check_idle(const job_id& whole) {
  auto i = cancelled.find(whole);
  if (i == cancelled.end() || !is_idle(whole))
    return;
  for (auto& x : std::exchange(i->second, {}))
    acknowledge(x);
}

// -- single jobs --------------------------------------------------------------

ack_promise queue_state::on_stop(const job_id& job) {
  auto reply = self->make_response_promise<void>();
  auto* x = jobs.find(job);
  if (x == nullptr) {
    reply.deliver(make_error(ec::conflict, "the job is over"));
    return reply;
  }
  stopping[job].push_back(reply);
  x->stopped = true;
  if (x->place == queue_place::ready || x->place == queue_place::delayed)
    cancel_entry(*x);
  else if (x->place == queue_place::leased && x->body->pool)
    send_cancels({{x->body->pool, id_list{{job}}}});
  // Else: when it arrives, is loaded, or its commit is over; or its pool is
  // lost, and its attempt is being ended.
  arm_flush();
  return reply;
}

event_place queue_state::place_of(const queued_job& x, job_status from) const {
  const auto& where = scopes[x.scope];
  return {from, where.manager, where.step, x.lane->type->name};
}

// -- the end of a job that does not run ---------------------------------------

void queue_state::cancel_entry(queued_job& x) {
  const char* why = x.stopped ? "cancelled by user"
                    : cancelled.count(scopes[x.scope].manager) != 0
                      ? "cancelled with its run"
                      : "cancelled with its step";
  end_entry(x, job_status::cancelled, why);
}

void queue_state::end_entry(queued_job& x, job_status status, std::string why,
                            failure_reason reason) {
  auto from = x.interrupted ? job_status::running : job_status::pending;
  if (x.has_record() && take_record(x).interrupted_epoch != 0)
    from = job_status::running;
  if (x.stopped) // somebody waits for the answer, which is final
    pending.need(durability::group);
  pending.tally(x).add_end(status);
  if (from == job_status::running)
    metrics::jobs_orphaned(*x.lane->type->meter, 1);
  remove_waiting(x);
  move_to(x, queue_place::ending);
  job_event event;
  event.id = x.id;
  event.status = status;
  event.at = clock->now();
  event.error = std::move(why);
  event.reason = reason;
  // Nothing can follow, so the number is the last one there is.
  pending.change->add_event(UINT32_MAX, std::move(event), place_of(x, from),
                            facets_at(x));
  storage::remove_queue_entry(pending.change->ops, x.key());
  if (const auto& step = scopes[x.scope].step) {
    auto& delta = pending.delta(step);
    if (status == job_status::cancelled) {
      ++delta.dropped;
    } else {
      ++delta.started; // counted as if it had run
      ++delta.failed;
    }
  }
  if (!scopes[x.scope].step && (x.again || x.interrupted))
    pending.silent.push_back(x.id); // it may have said something
  pending.gone.push_back(&x);
  arm_flush();
}

} // namespace quaero
