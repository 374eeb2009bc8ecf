#include "actors/worker_pool.hpp"

#include "actors/attempt_start.hpp"
#include "actors/deadlines.hpp"
#include "actors/mutation.hpp"
#include "actors/retry.hpp"
#include "definitions/kill_point.hpp"
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

// -- what both kinds of pool owe to the QUEUE ---------------------------------

template <class State>
void attach(State& x) {
  x.self->send(x.queue, atom::attach_v,
               caf::actor_cast<worker_pool_actor>(x.self),
               pool_offer{x.config.type, x.config.node, x.config.slots,
                          State::stores_starts, false, x.config.labels});
}

/// To be called when the pool gets jobs.
template <class State>
void begin_heartbeat(State& x) {
  if (!std::exchange(x.duty.beating, true))
    x.self->delayed_send(x.self, x.config.heartbeat, atom::renew_v);
}

template <class State>
void heartbeat(State& x) {
  x.duty.beating = false;
  if (x.duty.expired)
    return;
  // Also when it is idle at this moment: the QUEUE may not have stored the ends
  // of what it had, and give it more before that.
  x.self->send(x.queue, atom::renew_v);
  if (!x.idle())
    begin_heartbeat(x);
}

/// To be called when the pool may have become idle.
template <class State>
void attach_again(State& x) {
  if (x.duty.expired && x.idle()) {
    x.duty.expired = false;
    attach(x);
  }
}

template <class State>
void expire(State& x) {
  log::warn("pool.lease_ran_out", {{"type", x.config.type}});
  x.duty.expired = true;
  attach_again(x);
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
  auto change = std::make_shared<commit>();
  change->level = durability::buffered;
  const auto now = clock->now();
  for (const auto& lease : block.jobs)
    add_start(*change, lease, now);
  kill_point(kill_at::attempt_before_start);
  // On its way before there are attempts, or a line could be stored before it.
  auto started = std::make_shared<std::vector<queue_job_actor>>();
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, started] {
        for (const auto& x : *started)
          self->send(x, atom::start_v);
      },
      [this, started](caf::error& e) {
        for (const auto& x : *started)
          self->send_exit(x, e);
      });
  for (auto& lease : block.jobs) {
    const auto id = lease.job.id;
    running x{{}, lease.epoch, lease.attempt, lease.deaths != 0};
    x.attempt = self->spawn(queue_job_attempt, config.attempt, std::move(lease),
                            now, worker, queue, collector, clock);
    self->monitor(x.attempt);
    jobs.emplace(x.attempt.address(), id);
    started->push_back(x.attempt);
    attempts.insert_or_assign(id, std::move(x));
  }
  begin_heartbeat(*this);
}

void worker_pool_state::on_expire() {
  for (const auto& [id, x] : attempts)
    self->send(x.attempt, atom::cancel_v);
  expire(*this);
}

void worker_pool_state::on_cancel(const id_list& ids) {
  for (const auto& id : ids.ids)
    if (auto i = attempts.find(id); i != attempts.end())
      self->send(i->second.attempt, atom::cancel_v);
}

/// Which of its jobs a worker died of, nobody knows: those that it happened to
/// before, or else all of them.
void worker_pool_state::replace_worker(const caf::error& why) {
  const auto text = message_of(why);
  log::error("pool.worker_died", {{"type", config.type}, {"reason", text}});
  const bool known
    = std::any_of(attempts.begin(), attempts.end(),
                  [](const auto& x) { return x.second.suspect; });
  count_lost(config, attempts.size());
  // A request that a worker has taken is not answered when the worker ends.
  for (const auto& [id, x] : attempts)
    if (!mutated(mutation::dead_worker_unnoticed))
      self->send(x.attempt, atom::report_v, text, !known || x.suspect);
  worker = spawn_worker();
  self->monitor(worker);
}

void worker_pool_state::on_down(const caf::down_msg& down) {
  if (down.source == worker.address()) {
    replace_worker(down.reason);
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
  attach_again(*this);
}

void worker_pool_state::report_lost(const job_id& id, const running& lost,
                                    const caf::error& why) {
  job_report x;
  x.id = id;
  x.epoch = lost.epoch;
  x.attempt = lost.number;
  x.start_logged = true;
  x.outcome = job_outcome::failure("the attempt ended: " + message_of(why));
  x.outcome.worker_died = x.outcome.blamed = true;
  x.retry_at = clock->now();
  x.uncounted = true;
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

worker_pool_impl::behavior_type
worker_pool(worker_pool_impl::stateful_pointer<worker_pool_state> self,
            worker_pool_config config,
            std::function<job_worker_actor()> spawn_worker,
            work_giver_actor queue, commit_taker_actor collector,
            const wall_clock* clock) {
  if (config.type.empty() || config.slots == 0
      || config.heartbeat.count() <= 0) {
    self->quit(
      make_error(ec::invalid_config, "worker pool: type, slots, heartbeat"));
    return worker_pool_impl::behavior_type::make_empty_behavior();
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
  attach(st);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::assign, job_block& x) { self->state.on_assign(x); },
    [self](atom::cancel, const id_list& x) { self->state.on_cancel(x); },
    [self](atom::expire) { self->state.on_expire(); },
    [self](atom::renew) { heartbeat(self->state); },
  };
}

// -- block pool ---------------------------------------------------------------

block_pool_state::~block_pool_state() {
  if (worker)
    caf::anon_send_exit(worker, caf::exit_reason::kill);
}

void block_pool_state::on_assign(job_block& assigned) {
  block x;
  x.reports.reserve(assigned.jobs.size());
  x.terms.reserve(assigned.jobs.size());
  const auto now = clock->now();
  for (const auto& lease : assigned.jobs) {
    auto& report = x.reports.emplace_back();
    report.id = lease.job.id;
    report.epoch = lease.epoch;
    report.attempt = lease.attempt;
    report.started_at = now;
    x.terms.push_back({lease.job.retry, lease.uncounted, lease.deaths != 0});
  }
  const auto number = next_block++;
  blocks.emplace(number, std::move(x));
  begin_heartbeat(*this);
  // Its worker's end is told by a down message, which also tells of blocks that
  // the worker has taken.
  self->request(worker, attempt_deadline, atom::execute_v, std::move(assigned))
    .then(
      [this, number](std::vector<job_outcome>& outcomes) {
        on_outcomes(number, outcomes);
      },
      [](const caf::error&) {});
}

void block_pool_state::judge(job_report& x, const block_terms& terms) const {
  const auto now = clock->now();
  const auto& how = x.outcome;
  if (how.snooze.count() > 0) {
    x.retry_at = now + how.snooze;
    x.uncounted = true;
  } else if (how.status == job_status::failed && how.retryable
             && x.attempt - terms.uncounted < terms.retry.attempts) {
    x.retry_at = now
                 + retry_delay(terms.retry, x.attempt - terms.uncounted,
                               std::hash<job_id>{}(x.id));
  }
}

void block_pool_state::on_outcomes(uint64_t number,
                                   std::vector<job_outcome>& outcomes) {
  auto done = blocks.extract(number);
  if (done.empty())
    return; // its worker has ended
  auto& xs = done.mapped().reports;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (i < outcomes.size())
      xs[i].outcome = std::move(outcomes[i]);
    else
      xs[i].outcome = job_outcome::failure("the worker gave no outcome");
    judge(xs[i], done.mapped().terms[i]);
  }
  self->send(queue, atom::report_v, report_block{std::move(xs)});
  attach_again(*this);
}

void block_pool_state::on_down(const caf::down_msg& down) {
  if (down.source != worker.address())
    return;
  const auto text = message_of(down.reason);
  log::error("pool.worker_died", {{"type", config.type}, {"reason", text}});
  const bool known = std::any_of(blocks.begin(), blocks.end(), [](auto& x) {
    const auto& terms = x.second.terms;
    return std::any_of(terms.begin(), terms.end(),
                       [](const auto& y) { return y.suspect; });
  });
  for (auto& [number, lost] : blocks) {
    for (size_t i = 0; i < lost.reports.size(); ++i) {
      auto& x = lost.reports[i];
      x.outcome = job_outcome::failure("the worker ended: " + text);
      x.outcome.worker_died = true;
      x.outcome.blamed = !known || lost.terms[i].suspect;
      x.retry_at = clock->now();
      x.uncounted = true;
    }
    count_lost(config, lost.reports.size());
    self->send(queue, atom::report_v, report_block{std::move(lost.reports)});
  }
  blocks.clear();
  attach_again(*this);
  worker = spawn_worker();
  self->monitor(worker);
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

worker_pool_impl::behavior_type
block_pool(worker_pool_impl::stateful_pointer<block_pool_state> self,
           worker_pool_config config,
           std::function<block_worker_actor()> spawn_worker,
           work_giver_actor queue, const wall_clock* clock) {
  if (config.type.empty() || config.slots == 0
      || config.heartbeat.count() <= 0) {
    self->quit(
      make_error(ec::invalid_config, "block pool: type, slots, heartbeat"));
    return worker_pool_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  st.spawn_worker = std::move(spawn_worker);
  st.queue = std::move(queue);
  st.clock = clock;
  st.worker = st.spawn_worker();
  self->monitor(st.worker);
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  attach(st);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::assign, job_block& x) { self->state.on_assign(x); },
    [self](atom::cancel, const id_list&) {}, // too short to be stopped
    [self](atom::expire) { expire(self->state); },
    [self](atom::renew) { heartbeat(self->state); },
  };
}

} // namespace quaero
