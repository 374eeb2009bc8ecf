#include "actors/worker_pool.hpp"

#include "actors/deadlines.hpp"
#include "actors/retry.hpp"
#include "definitions/log.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

void count_lost(const worker_pool_config& config, uint64_t n) {
  if (config.meter)
    metrics::jobs_orphaned(config.meter->type_of(config.type), n);
}

} // namespace

// -- worker pool --------------------------------------------------------------

worker_pool_state::~worker_pool_state() {
  for (const auto& [id, x] : attempts)
    caf::anon_send_exit(x.attempt, caf::exit_reason::kill);
  if (worker)
    caf::anon_send_exit(worker, caf::exit_reason::kill);
}

void worker_pool_state::on_assign(job_block& block) {
  for (auto& lease : block.jobs) {
    const auto id = lease.job.id;
    running x{{}, lease.epoch, lease.attempt};
    x.attempt = self->spawn(queue_job_attempt, config.attempt, std::move(lease),
                            worker, queue, collector, clock);
    self->monitor(x.attempt);
    jobs.emplace(x.attempt.address(), id);
    attempts.insert_or_assign(id, std::move(x));
  }
}

void worker_pool_state::on_cancel(const id_list& ids) {
  for (const auto& id : ids.ids)
    if (auto i = attempts.find(id); i != attempts.end())
      self->send(i->second.attempt, atom::cancel_v);
}

void worker_pool_state::on_down(const caf::down_msg& down) {
  if (down.source == worker.address()) {
    log::error("pool.worker_died",
               {{"type", config.type}, {"reason", message_of(down.reason)}});
    // A request that a worker has taken is not answered when the worker ends.
    for (const auto& [id, x] : attempts)
      self->send(x.attempt, atom::report_v, message_of(down.reason));
    worker = spawn_worker();
    self->monitor(worker);
    return;
  }
  auto i = jobs.find(down.source);
  if (i == jobs.end())
    return;
  const auto id = i->second;
  jobs.erase(i);
  auto a = attempts.find(id);
  // The next attempt of the job may be here already.
  if (a == attempts.end() || a->second.attempt.address() != down.source)
    return;
  if (down.reason)
    report_lost(id, a->second, down.reason);
  attempts.erase(a);
}

void worker_pool_state::report_lost(const job_id& id, const running& lost,
                                    const caf::error& why) {
  job_report x;
  x.id = id;
  x.epoch = lost.epoch;
  x.attempt = lost.number;
  x.start_logged = true;
  x.outcome = job_outcome::failure("the attempt ended: " + message_of(why));
  if (lost.number < config.lost_attempts_max)
    x.retry_at = clock->now();
  report_block block;
  block.reports.push_back(std::move(x));
  count_lost(config, 1);
  self->send(queue, atom::report_v, std::move(block));
}

actor_status worker_pool_state::on_status() const {
  return {config.type + "-pool",
          self->mailbox().size(),
          {{"slots", config.slots},
           {"running", static_cast<int64_t>(attempts.size())}}};
}

worker_pool_actor::behavior_type
worker_pool(worker_pool_actor::stateful_pointer<worker_pool_state> self,
            worker_pool_config config,
            std::function<job_worker_actor()> spawn_worker, queue_actor queue,
            log_collector_actor collector, const wall_clock* clock) {
  if (config.type.empty() || config.slots == 0) {
    self->quit(make_error(ec::invalid_config, "worker pool: type, slots"));
    return worker_pool_actor::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  st.spawn_worker = std::move(spawn_worker);
  st.queue = std::move(queue);
  st.collector = std::move(collector);
  st.clock = clock;
  st.worker = st.spawn_worker();
  self->monitor(st.worker);
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  self->send(st.queue, atom::attach_v, st.config.type,
             caf::actor_cast<worker_pool_actor>(self), st.config.slots);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::assign, job_block& x) { self->state.on_assign(x); },
    [self](atom::cancel, const id_list& x) { self->state.on_cancel(x); },
  };
}

// -- block pool ---------------------------------------------------------------

void block_pool_state::on_assign(const job_block& assigned) {
  block x;
  x.reports.reserve(assigned.jobs.size());
  x.policies.reserve(assigned.jobs.size());
  const auto now = clock->now();
  for (const auto& lease : assigned.jobs) {
    auto& report = x.reports.emplace_back();
    report.id = lease.job.id;
    report.epoch = lease.epoch;
    report.attempt = lease.attempt;
    report.started_at = now;
    x.policies.push_back(lease.job.retry);
  }
  const auto number = next_block++;
  blocks.emplace(number, std::move(x));
  self->request(worker, attempt_deadline, atom::execute_v, assigned)
    .then(
      [this, number](std::vector<job_outcome>& outcomes) {
        on_outcomes(number, outcomes);
      },
      [this](caf::error& e) { on_worker_end(e); });
}

void block_pool_state::on_outcomes(uint64_t number,
                                   std::vector<job_outcome>& outcomes) {
  const auto now = clock->now();
  auto done = std::move(blocks.extract(number).mapped());
  auto& xs = done.reports;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (i < outcomes.size())
      xs[i].outcome = std::move(outcomes[i]);
    else
      xs[i].outcome = job_outcome::failure("the worker gave no outcome");
    const auto& how = xs[i].outcome;
    const auto& policy = done.policies[i];
    if (how.status == job_status::failed && how.retryable
        && xs[i].attempt < policy.attempts)
      xs[i].retry_at
        = now
          + retry_delay(policy, xs[i].attempt, std::hash<job_id>{}(xs[i].id));
  }
  self->send(queue, atom::report_v, report_block{std::move(xs)});
}

void block_pool_state::on_worker_end(const caf::error& why) {
  // The QUEUE would take their starts for stored ones.
  for (auto& [number, lost] : blocks) {
    for (auto& x : lost.reports) {
      x.outcome = job_outcome::failure("the worker ended: " + message_of(why));
      if (x.attempt < config.lost_attempts_max)
        x.retry_at = clock->now();
    }
    count_lost(config, lost.reports.size());
    self->send(queue, atom::report_v, report_block{std::move(lost.reports)});
  }
  blocks.clear();
  self->quit(why);
}

actor_status block_pool_state::on_status() const {
  size_t running = 0;
  for (const auto& [number, x] : blocks)
    running += x.reports.size();
  return {
    config.type + "-pool",
    self->mailbox().size(),
    {{"slots", config.slots}, {"running", static_cast<int64_t>(running)}}};
}

worker_pool_actor::behavior_type
block_pool(worker_pool_actor::stateful_pointer<block_pool_state> self,
           worker_pool_config config, block_worker_actor worker,
           queue_actor queue, const wall_clock* clock) {
  if (config.type.empty() || config.slots == 0) {
    self->quit(make_error(ec::invalid_config, "block pool: type, slots"));
    return worker_pool_actor::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  st.worker = std::move(worker);
  st.queue = std::move(queue);
  st.clock = clock;
  // A request that a worker has taken is not answered when the worker ends.
  self->monitor(st.worker);
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_worker_end(x.reason); });
  self->send(st.queue, atom::attach_v, st.config.type,
             caf::actor_cast<worker_pool_actor>(self), st.config.slots);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::assign, const job_block& x) { self->state.on_assign(x); },
    [self](atom::cancel, const id_list&) {}, // too short to be stopped
  };
}

} // namespace quaero
