#include "actors/queue_job_actor.hpp"

#include "actors/deadlines.hpp"
#include "actors/retry.hpp"
#include "actors/secrecy.hpp"

#include <functional>
#include <utility>

namespace quaero {

void queue_job_state::on_start() {
  if (ended)
    return;
  if (context->cancelled()) {
    on_outcome(job_outcome::stopped());
    return;
  }
  if (const auto limit = context->job().timeout; limit.count() > 0)
    self->delayed_send(self, limit, atom::timeout_v);
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

void queue_job_state::on_timeout() {
  if (ended || context->cancelled())
    return;
  timed_out = true;
  context->log(log_level::warn,
               "Timed out after " + format_duration(context->job().timeout));
  context->cancel();
}

void queue_job_state::log_next(job_report& report, std::string what) const {
  const auto& job = context->job();
  report.lines.push_back({job.id, log_owner(job), job.manager_id,
                          log_level::warn, log_origin::system, context->now(),
                          std::move(what)});
}

/// Whether there will be another attempt. Then says in the report when.
bool queue_job_state::runs_again(job_report& report) const {
  const auto& lease = context->lease();
  const auto& outcome = report.outcome;
  if (context->cancelled() && !timed_out)
    return false;
  if (outcome.snooze.count() > 0) {
    report.retry_at = context->now() + outcome.snooze;
    report.uncounted = true;
    return true;
  }
  if (outcome.status != job_status::failed || !outcome.retryable
      || !lease.may_retry())
    return false;
  const auto counted = lease.attempt - lease.uncounted;
  const auto wait
    = retry_delay(lease.job.retry, counted, std::hash<job_id>{}(lease.job.id));
  report.retry_at = context->now() + wait;
  log_next(report, "Attempt " + std::to_string(counted) + " of "
                     + std::to_string(lease.job.retry.attempts)
                     + " failed, next in " + format_duration(wait) + ": "
                     + outcome.error);
  return true;
}

void queue_job_state::on_outcome(job_outcome outcome) {
  if (std::exchange(ended, true))
    return;
  conceal(context->given(), outcome);
  if (timed_out && outcome.status == job_status::cancelled) {
    outcome = job_outcome::failure("timed out after "
                                   + format_duration(context->job().timeout));
    outcome.timed_out = true;
  }
  const auto& lease = context->lease();
  job_report report;
  report.id = lease.job.id;
  report.epoch = lease.epoch;
  report.attempt = lease.attempt;
  report.started_at = started_at;
  report.start_logged = true;
  report.lines = context->take_lines();
  report.outcome = std::move(outcome);
  if (report.outcome.worker_died && !context->cancelled()) {
    report.retry_at = context->now();
    report.uncounted = true;
    log_next(report, "Runs again: " + report.outcome.error);
  } else if (!runs_again(report)) {
    report.children = context->take_children();
    report.documents = context->take_documents();
  }
  report_block block;
  block.reports.push_back(std::move(report));
  self->send(queue, atom::report_v, std::move(block));
  self->quit();
}

/// @param suspect whether the job may be why.
void queue_job_state::on_worker_end(const std::string& why, bool suspect) {
  auto outcome = job_outcome::failure("the worker ended: " + why);
  outcome.worker_died = true;
  outcome.blamed = suspect;
  on_outcome(std::move(outcome));
}

queue_job_impl::behavior_type
queue_job_attempt(queue_job_impl::stateful_pointer<queue_job_state> self,
                  attempt_config config, leased_job lease, timestamp started_at,
                  job_worker_actor worker, work_giver_actor queue,
                  commit_taker_actor collector, const wall_clock* clock) {
  auto& st = self->state;
  st.config = config;
  st.started_at = started_at;
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
  return {
    [self](atom::start) { self->state.on_start(); },
    [self](atom::cancel) { self->state.on_cancel(); },
    [self](atom::report, const std::string& why, bool suspect) {
      self->state.on_worker_end(why, suspect);
    },
    [self](atom::flush) { self->state.on_flush(); },
    [self](atom::log) { self->state.on_log(); },
    [self](atom::timeout) { self->state.on_timeout(); },
  };
}

} // namespace quaero
