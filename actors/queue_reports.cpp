#include "actors/deadlines.hpp"
#include "actors/mutation.hpp"
#include "actors/new_jobs.hpp"
#include "actors/queue.hpp"
#include "definitions/log.hpp"

#include <utility>

namespace quaero {

void queue_state::on_report(report_block& block) {
  for (auto& report : block.reports) {
    auto* held = accept(report);
    if (held == nullptr)
      continue;
    if (report.documents.empty())
      settle(report, *held, nullptr);
    else
      save_then_settle(std::move(report));
  }
  arm_flush();
}

queued_job* queue_state::accept(const job_report& report) {
  auto* x = jobs.find(report.id);
  const bool any_epoch = mutated(mutation::no_epoch_check);
  const auto current = x == nullptr || !x->body ? 0 : x->body->epoch;
  if (x == nullptr || (current != report.epoch && !any_epoch)
      || x->place != queue_place::leased) {
    ++refused;
    log::warn("queue.report_refused", {{"job", to_string(report.id)},
                                       {"epoch", report.epoch},
                                       {"current", current}});
    return nullptr;
  }
  move_to(*x, queue_place::reported);
  return x;
}

void queue_state::save_then_settle(job_report report) {
  auto documents_of = std::move(report.documents);
  auto* held = jobs.find(report.id); // it stays until this is settled
  const auto run = scopes[held->scope].manager;
  auto waiting = std::make_shared<job_report>(std::move(report));
  auto go_on = [this, waiting, held](const prepared_ptr& saved) {
    settle(*waiting, *held, saved);
    arm_flush();
  };
  self
    ->request(documents, reader_deadline, atom::prepare_v,
              std::move(documents_of), run)
    .then(go_on, [go_on, waiting](caf::error& e) {
      waiting->outcome
        = job_outcome::failure("documents not saved: " + message_of(e), false);
      waiting->retry_at = {};
      go_on(nullptr);
    });
}

void queue_state::settle(job_report& report, queued_job& held,
                         const prepared_ptr& saved) {
  const bool stop = is_cancelled(held);
  if (report.retry_at != timestamp{} && stop) {
    report.retry_at = {};
    report.outcome.status = job_status::cancelled;
  }
  judge_death(report, held);
  auto& change = *pending.change;
  for (auto& line : report.lines)
    change.lines.push_back(std::move(line));
  storage::remove_queue_entry(change.ops, held.key());
  pending.need(held.stopped ? durability::group : config.report_durability);
  if (report.retry_at != timestamp{}) {
    settle_retry(report, held);
    if (saved != nullptr) // not of this attempt: the next one saves its own
      pending.saved.push_back(saved);
    return;
  }
  pending.gone.push_back(&held);
  // Who was stopped alone and ended well was too late to be stopped.
  if (!stop || mutated(mutation::stop_forgets_children)
      || (held.stopped && report.outcome.status == job_status::completed
          && !is_cancelled(scopes[held.scope])))
    spawn_children(report.children, held);
  if (saved != nullptr) {
    change.ops.append(saved->ops);
    change.documents += static_cast<int64_t>(saved->created);
    pending.saved.push_back(saved);
    if (scopes[held.scope].step)
      pending.delta(scopes[held.scope].step).documents
        += static_cast<int64_t>(saved->created);
  }
  settle_terminal(report, held, saved != nullptr ? saved->created : 0);
}

/// A job whose workers end again and again is given to none any more.
void queue_state::judge_death(job_report& report, const queued_job& held) {
  if (!report.outcome.blamed)
    return;
  const auto deaths
    = (held.has_terms ? terms.at(held.id).deaths : uint32_t{0}) + 1;
  if (deaths < config.deaths_max)
    return;
  report.retry_at = {};
  report.outcome.status = job_status::failed;
  report.outcome.error = quarantined_error + std::to_string(deaths)
                         + " workers ended while they had the job, the last: "
                         + report.outcome.error;
  log::error("queue.job_quarantined",
             {{"job", to_string(held.id)}, {"deaths", deaths}});
}

void queue_state::settle_retry(job_report& report, queued_job& held) {
  job_event event;
  event.id = report.id;
  event.status = job_status::pending;
  event.at = clock->now();
  event.epoch = report.epoch;
  event.attempt = report.attempt;
  event.error = std::move(report.outcome.error);
  auto& tally = pending.tally(held);
  ++tally.retried;
  tally.add_times(held, report.started_at, event.at);
  auto& change = *pending.change;
  if (!report.start_logged) {
    // Without a start the end would say nothing, nor count as an attempt.
    auto start = event;
    start.status = job_status::running;
    start.at = report.started_at;
    start.error.clear();
    change.add_event(2 * report.attempt - 1, std::move(start),
                     place_of(held, job_status::pending), facets_at(held));
  }
  change.add_event(2 * report.attempt, std::move(event),
                   place_of(held, job_status::running), facets_at(held));
  const auto& of = scopes[held.scope];
  auto kept = held.has_terms ? terms[held.id] : job_terms{};
  const bool snoozed = report.outcome.snooze.count() > 0;
  kept.deaths += uint32_t{report.outcome.blamed};
  kept.uncounted += uint32_t{report.uncounted};
  const comeback x{&held, new_key(held.priority, report.retry_at),
                   report.retry_at, snoozed};
  storage::put_queue_entry(
    change.ops, {x.key, held.id, of.step, of.manager, held.lane->type->name,
                 held.lane->queue->name, held.priority, x.run_at,
                 report.attempt, kept.unique_key, kept.expires_at, kept.tags,
                 kept.limit_key, kept.deaths, kept.uncounted, snoozed});
  set_terms(held, std::move(kept));
  pending.comebacks.push_back(x);
  if (of.step)
    --pending.delta(of.step).started;
}

namespace {

/// Why a job has failed for good. REQUIRES: it has.
failure_reason reason_of(const job_outcome& x) {
  if (x.error.starts_with(quarantined_error))
    return failure_reason::quarantined;
  if (x.timed_out)
    return failure_reason::timed_out;
  return x.retryable ? failure_reason::attempts_exhausted
                     : failure_reason::not_retryable;
}

} // namespace

void queue_state::settle_terminal(job_report& report, const queued_job& held,
                                  uint64_t created_documents) {
  auto& outcome = report.outcome;
  job_event event;
  event.id = report.id;
  event.status = outcome.status;
  event.at = clock->now();
  event.epoch = report.epoch;
  event.attempt = report.attempt;
  if (outcome.status == job_status::failed)
    event.reason = reason_of(outcome);
  event.error = std::move(outcome.error);
  event.result_count = outcome.result_count;
  event.result = std::move(outcome.result);
  if (!report.start_logged)
    event.started_at = report.started_at;
  event.children.documents = created_documents;
  auto& tally = pending.tally(held);
  tally.add_end(outcome.status);
  tally.add_times(held, report.started_at, event.at);
  const auto& step = scopes[held.scope].step;
  if (!step && (report.start_logged || held.again))
    pending.silent.push_back(report.id);
  if (step) {
    auto& delta = pending.delta(step);
    if (outcome.status == job_status::completed)
      ++delta.completed;
    else if (outcome.status == job_status::failed)
      ++delta.failed;
    else
      ++delta.cancelled;
  }
  pending.change->add_event(2 * report.attempt, std::move(event),
                            place_of(held, report.start_logged
                                             ? job_status::running
                                             : job_status::pending),
                            facets_at(held));
}

void queue_state::spawn_children(std::vector<new_job>& children,
                                 const queued_job& held) {
  if (children.empty())
    return;
  const auto [manager, step, all] = scopes[held.scope];
  auto& change = *pending.change;
  if (mutated(mutation::children_behind_the_end)) {
    auto alone = std::make_shared<commit>();
    make_jobs(children, {manager, step, step}, *ids, clock->now(), alone->ops);
    self->send(collector, atom::commit_v, std::move(alone));
    return;
  }
  auto made = make_jobs(children, {manager, step, step}, *ids, clock->now(),
                        change.ops);
  job_id existing;
  for (auto& job : made)
    take_in(job, change.ops, existing);
}

} // namespace quaero
