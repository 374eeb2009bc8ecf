#include "actors/queue_job_actor.hpp"

#include "actors/deadlines.hpp"
#include "actors/retry.hpp"
#include "actors/secrecy.hpp"

#include <functional>
#include <utility>

namespace quaero {

namespace {

job_event start_of(const leased_job& lease, timestamp at) {
  job_event event;
  event.id = lease.job.id;
  event.status = job_status::running;
  event.at = at;
  event.epoch = lease.epoch;
  event.attempt = lease.attempt;
  return event;
}

/// The attempt before this one, which nobody ended.
job_event end_of_interrupted(const leased_job& lease, timestamp at) {
  job_event event;
  event.id = lease.job.id;
  event.status = job_status::pending;
  event.at = at;
  event.epoch = lease.interrupted_epoch;
  event.attempt = lease.attempt - 1;
  event.error = "interrupted: the daemon stopped";
  return event;
}

} // namespace

void queue_job_state::start() {
  const auto& lease = context->lease();
  auto change = std::make_shared<commit>();
  change->level = durability::buffered;
  started_at = context->now();
  if (lease.interrupted_epoch != 0) {
    change->add_event(2 * (lease.attempt - 1),
                      end_of_interrupted(lease, started_at),
                      job_status::running, lease.job);
  }
  change->add_event(2 * lease.attempt - 1, start_of(lease, started_at),
                    job_status::pending, lease.job);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then([this] { on_start(); },
          [this](caf::error& e) { self->quit(std::move(e)); });
}

void queue_job_state::on_start() {
  if (ended)
    return;
  if (context->cancelled()) {
    on_outcome(job_outcome::stopped());
    return;
  }
  self->request(worker, attempt_deadline, atom::execute_v, context)
    .then([this](job_outcome& x) { on_outcome(std::move(x)); },
          [this](caf::error& e) {
            on_outcome(job_outcome::failure(message_of(e)));
          });
}

void queue_job_state::on_cancel() {
  context->cancel();
}

void queue_job_state::on_flush() {
  if (!ended)
    self->delayed_send(self, config.line_delay, atom::log_v);
}

void queue_job_state::on_log() {
  if (ended)
    return;
  auto change = std::make_shared<commit>();
  change->level = durability::buffered;
  change->lines = context->take_lines();
  if (!change->lines.empty())
    self->send(collector, atom::commit_v, std::move(change));
}

void queue_job_state::on_outcome(job_outcome outcome) {
  ended = true;
  conceal(context->given(), outcome);
  const auto& lease = context->lease();
  job_report report;
  report.id = lease.job.id;
  report.epoch = lease.epoch;
  report.attempt = lease.attempt;
  report.started_at = started_at;
  report.start_logged = true;
  report.lines = context->take_lines();
  const auto& retry = lease.job.retry;
  if (outcome.status == job_status::failed && outcome.retryable
      && lease.attempt < retry.attempts && !context->cancelled()) {
    auto wait
      = retry_delay(retry, lease.attempt, std::hash<job_id>{}(lease.job.id));
    report.retry_at = context->now() + wait;
    report.lines.push_back(
      {lease.job.id, log_owner(lease.job), lease.job.manager_id,
       log_level::warn, log_origin::system, context->now(),
       "Attempt " + std::to_string(lease.attempt) + " of "
         + std::to_string(retry.attempts) + " failed, next in "
         + format_duration(wait) + ": " + outcome.error});
  } else {
    report.children = context->take_children();
    report.documents = context->take_documents();
  }
  report.outcome = std::move(outcome);
  report_block block;
  block.reports.push_back(std::move(report));
  self->send(queue, atom::report_v, std::move(block));
  self->quit();
}

void queue_job_state::on_worker_end(const std::string& why) {
  if (!ended)
    on_outcome(job_outcome::failure("the worker ended: " + why));
}

queue_job_impl::behavior_type
queue_job_attempt(queue_job_impl::stateful_pointer<queue_job_state> self,
                  attempt_config config, leased_job lease,
                  job_worker_actor worker, queue_actor queue,
                  log_collector_actor collector, const wall_clock* clock) {
  auto& st = self->state;
  st.config = config;
  st.worker = std::move(worker);
  st.queue = std::move(queue);
  st.collector = std::move(collector);
  auto me = caf::actor_cast<queue_job_actor>(self);
  // Weak: the context is held by this actor's state.
  auto on_line = [weak = caf::actor_cast<caf::actor_addr>(me)] {
    if (auto strong = caf::actor_cast<queue_job_actor>(weak))
      caf::anon_send(strong, atom::flush_v);
  };
  secrets given;
  auto lost = unseal(lease.job.config,
                     config.keys ? *config.keys : key_lookup{}, given);
  st.context = std::make_shared<job_context>(std::move(lease), *clock,
                                             std::move(on_line), config.limits,
                                             std::move(given));
  for (const auto& x : lost)
    st.context->log(log_level::warn, "placeholder not resolved: " + x);
  st.start();
  return {
    [self](atom::cancel) { self->state.on_cancel(); },
    [self](atom::report, const std::string& why) {
      self->state.on_worker_end(why);
    },
    [self](atom::flush) { self->state.on_flush(); },
    [self](atom::log) { self->state.on_log(); },
  };
}

} // namespace quaero
