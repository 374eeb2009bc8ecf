#include "actors/queue.hpp"

#include "actors/census.hpp"
#include "actors/deadlines.hpp"
#include "actors/mutation.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace quaero {

// -- gathering ----------------------------------------------------------------

queue_state::gathering::gathering() : change{std::make_shared<commit>()} {
  change->level = durability::buffered;
}

step_delta& queue_state::gathering::delta(const job_id& step) {
  // Neighbours are of the same step, nearly always.
  for (auto i = deltas.rbegin(); i != deltas.rend(); ++i)
    if (i->step == step)
      return *i;
  deltas.push_back({});
  deltas.back().step = step;
  return deltas.back();
}

job_tally& queue_state::gathering::tally(const queued_job& x) {
  const auto* type = x.lane->type;
  for (auto i = tallies.rbegin(); i != tallies.rend(); ++i)
    if (i->type == type)
      return *i;
  tallies.push_back({});
  tallies.back().type = type;
  return tallies.back();
}

void queue_state::gathering::need(durability level) {
  change->level = stronger(change->level, level);
}

// -- messages -----------------------------------------------------------------

namespace {

/// With the commit of what has gathered so far.
void answer_when_stored(queue_state& st, ack_promise& reply) {
  if (mutated(mutation::answer_before_commit))
    acknowledge(reply);
  else
    st.pending.replies.push_back(reply);
  st.arm_flush();
}

} // namespace

ack_promise queue_state::on_enqueue(enqueue_ptr request) {
  auto reply = self->make_response_promise<void>();
  if (auto why = refusal(*request)) {
    reply.deliver(std::move(why));
    return reply;
  }
  take_all(*request);
  pending.need(request->level);
  answer_when_stored(*this, reply);
  return reply;
}

ack_promise queue_state::on_block(enqueue_block& block) {
  auto reply = self->make_response_promise<void>();
  for (auto& x : block.requests) {
    x->refused = refusal(*x);
    if (x->refused)
      continue;
    take_all(*x);
    pending.need(x->level);
  }
  answer_when_stored(*this, reply);
  return reply;
}

caf::error queue_state::refusal(const enqueue_request& request) {
  const auto& wanted = request.jobs;
  if (length + wanted.size() > config.length_max)
    return make_error(ec::limit_reached,
                      "the queue is full: queue.length_max is "
                        + std::to_string(config.length_max));
  if (wanted.empty() || cancelled.empty())
    return check_queues(wanted);
  if (cancelled.count(wanted[0].manager_id) != 0)
    return make_error(ec::conflict, "the run is being cancelled");
  if (cancelled.count(wanted[0].step_id) != 0)
    return make_error(ec::conflict, "the step is being cancelled");
  return check_queues(wanted);
}

void queue_state::take_all(enqueue_request& request) {
  auto& change = *pending.change;
  change.ops.append(std::move(request.ops));
  job_id existing;
  auto& made = request.made;
  made.ids.reserve(request.jobs.size());
  for (auto& job : request.jobs) {
    made.ids.push_back(job.id);
    if (!take_in(job, change.ops, existing)) {
      made.existing.push_back(static_cast<uint32_t>(made.ids.size() - 1));
      made.ids.back() = existing;
    }
  }
  if (request.also)
    request.also(change.ops, made);
  if (request.reason != failure_reason::none)
    change.raised.push_back({request.raised, request.reason});
}

void queue_state::on_watch(const job_id& step, step_monitor_actor monitor) {
  self->monitor(monitor);
  if (auto i = awaited.find(step); i != awaited.end()) {
    self->send(monitor, atom::count_v, i->second);
    awaited.erase(i);
  }
  monitors[step] = std::move(monitor);
}

void queue_state::on_recover(recovery& found) {
  for (auto& [queue, settings] : found.queues) {
    auto& x = queues[queue];
    x.name = queue;
    if (!std::exchange(x.stored, true)) // else it was changed meanwhile
      x.settings = settings;
    close_after_restart(x);
  }
  for (const auto& [type, slots] : found.type_slots)
    recover_slots(type, slots);
  for (const auto& [node, limit] : found.node_limits) {
    auto& x = nodes[node];
    x.name = node;
    x.running_max = limit;
  }
  std::vector<uint64_t> pinned;
  pinned.reserve(found.queue.size());
  found.queue.for_each([&](const storage::queue_entry& x) {
    if (x.key.lane != storage::delayed_lane)
      pinned.push_back(x.key.sequence);
  });
  std::sort(pinned.begin(), pinned.end());
  for (auto sequence : pinned)
    sequences.adopt(sequence);
  sequences.skip_to(found.next_sequence);
  stored_head = sequences.head();
  const std::unordered_set<job_id> interrupted{found.interrupted.begin(),
                                               found.interrupted.end()};
  const std::unordered_set<job_id> claimable{found.claimable.begin(),
                                             found.claimable.end()};
  const auto until = clock->now() + config.claim_grace;
  jobs.reserve(found.queue.size());
  found.queue.for_each([&](const storage::queue_entry& x) {
    const bool held
      = config.claim_grace.count() > 0 && claimable.contains(x.id);
    bring_back(x, interrupted.count(x.id) != 0, held ? until : timestamp{});
  });
  dispatch();
  log::info("queue.recovered", {{"jobs", found.queue.size()}});
}

void queue_state::bring_back(const storage::queue_entry& x, bool interrupted,
                             timestamp not_before) {
  auto& job = jobs.add(x.id);
  job.set_key(x.key);
  job.priority = std::min(x.priority, priority_max);
  job.interrupted = interrupted;
  job.again = x.attempt != 0;
  job.lane = &lanes_of(x.type, x.queue, x.tags);
  lane_used[x.key.lane] = true;
  enter(job, x.manager_id, x.step_id);
  set_terms(job, {x.unique_key, x.expires_at, x.tags, x.limit_key, x.deaths,
                  x.uncounted});
  job.snoozed = x.snoozed;
  if (!x.unique_key.empty())
    unique.emplace(x.unique_key, x.id);
  if (x.step_id)
    awaited[x.step_id].step = x.step_id;
  arrive(job, std::max(x.run_at, not_before),
         std::max(created_at(x.id), x.run_at));
}

namespace {

/// Whether none of this process's pools has a job. What a remote pool has goes
/// on while this daemon is away.
bool nothing_runs_here(const queue_state& st) {
  uint64_t here = 0;
  uint64_t elsewhere = 0;
  for (const auto* where : st.type_turns)
    for (const auto& x : where->pools)
      (x.remote ? elsewhere : here) += x.busy;
  // Those of a pool that is gone are leased until their end is stored.
  return here == 0 && st.leased <= elsewhere;
}

} // namespace

ack_promise queue_state::on_drain() {
  drained = true;
  auto reply = self->make_response_promise<void>();
  if (nothing_runs_here(*this))
    acknowledge(reply);
  else
    draining.push_back(reply);
  return reply;
}

queue_status queue_state::on_stats() const {
  return {ready, delayed.size(), leased};
}

actor_status queue_state::on_status() const {
  auto now = on_stats();
  return {name,
          self->mailbox().size(),
          {{"ready", static_cast<int64_t>(now.ready)},
           {"delayed", static_cast<int64_t>(now.delayed)},
           {"leased", static_cast<int64_t>(now.leased)},
           {"resident_bytes", static_cast<int64_t>(resident_bytes)},
           {"refused_reports", refused}}};
}

caf::typed_response_promise<actor_status> queue_state::on_status_tree() {
  status_gathering all{self->make_response_promise<actor_status>(),
                       on_status()};
  for (const auto& [type, where] : types)
    for (const auto& x : where.pools)
      all.ask(self, x.handle);
  return all.finish();
}

// -- commits ------------------------------------------------------------------

void queue_state::tell(const step_delta& delta) {
  if (auto i = monitors.find(delta.step); i != monitors.end())
    self->send(i->second, atom::count_v, delta);
  else if (auto late = awaited.find(delta.step); late != awaited.end())
    late->second += delta;
}

void queue_state::arm_flush() {
  if (flush_armed || pending.empty()
      || commits_in_flight >= config.commits_in_flight_max)
    return;
  flush_armed = true;
  self->send(self, atom::flush_v);
}

void queue_state::on_flush() {
  flush_armed = false;
  if (pending.empty() || commits_in_flight >= config.commits_in_flight_max)
    return;
  auto batch = std::make_shared<gathering>(std::exchange(pending, {}));
  store_head(batch->change->ops);
  ++commits_in_flight;
  self->request(collector, store_deadline, atom::commit_v, batch->change)
    .then([this, batch] { committed(*batch); },
          [this, batch](caf::error& e) { not_committed(*batch, e); });
}

void queue_state::store_head(storage::write_batch& out) {
  const auto head = sequences.head();
  if (head < stored_head + config.head_lag_max)
    return;
  stored_head = head;
  for (uint8_t lane = 0; lane < storage::delayed_lane; ++lane)
    if (lane_used[lane])
      storage::put_queue_head(out, {lane, head});
}

void queue_state::committed(gathering& done) {
  --commits_in_flight;
  // Arrivals enter before anything leaves, so that a run with children on
  // their way is never seen idle.
  for (size_t i = 0; i < done.arrivals.size(); ++i)
    arrive(*done.arrivals[i], done.run_at[i]);
  for_each_lane(done.arrivals, [](const lane_set& x, uint64_t n) {
    metrics::jobs_enqueued(*x.meter, n);
  });
  for (const auto& x : done.comebacks)
    come_back(x);
  for (auto* x : done.gone) {
    if (x->place == queue_place::reported)
      end_lease(*x);
    else if (x->has_terms)
      open_gates_of(*x);
    if (x->disk_lane != storage::delayed_lane)
      sequences.release(x->sequence);
    leave(*x, done.change->level);
  }
  for (const auto& x : done.tallies)
    x.tell();
  if (!draining.empty() && nothing_runs_here(*this))
    for (auto& x : std::exchange(draining, {}))
      acknowledge(x);
  for (const auto& x : done.deltas)
    tell(x);
  for (auto& x : done.saved)
    self->send(documents, atom::settle_v, std::move(x));
  for (auto& x : done.replies)
    acknowledge(x);
  for (auto& answer : done.answers)
    answer();
  for (const auto& id : done.silent)
    self->send(collector, atom::forget_v, id);
  dispatch();
  arm_flush();
}

void queue_state::come_back(const comeback& x) {
  auto& job = *x.job;
  if (!mutated(mutation::slot_not_given_back))
    end_lease(job);
  job.body.reset();
  if (job.disk_lane != storage::delayed_lane)
    sequences.release(job.sequence);
  job.set_key(x.key);
  job.again = true;
  job.snoozed = x.snoozed;
  job.interrupted = false;
  arrive(job, x.run_at);
}

void queue_state::not_committed(gathering& lost, const caf::error& why) {
  --commits_in_flight;
  for (auto& x : lost.saved)
    self->send(documents, atom::settle_v, std::move(x));
  for (auto& x : lost.replies)
    x.deliver(why);
  // What is on disk is unknown now: only a restart can tell.
  self->quit(why);
}

queue_impl::behavior_type
queue(queue_impl::stateful_pointer<queue_state> self, queue_config config,
      log_collector_actor collector, reader_actor reader,
      document_store_actor documents, std::shared_ptr<id_generator> ids,
      const wall_clock* clock) {
  if (config.length_max == 0 || config.commits_in_flight_max == 0
      || config.block_jobs_max == 0 || config.queues_max == 0
      || config.deaths_max == 0 || config.priority_aging.count() <= 0
      || config.lease.count() <= 0 || config.boot == 0) {
    self->quit(make_error(ec::invalid_config, "queue: a limit is 0"));
    return queue_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = std::move(config);
  if (!st.config.meter)
    st.config.meter = std::make_shared<metrics>();
  st.collector = std::move(collector);
  st.reader = std::move(reader);
  st.documents = std::move(documents);
  st.ids = std::move(ids);
  st.clock = clock;
  st.next_epoch = (st.config.boot << 32) + 2;
  if (mutated(mutation::epochs_start_again))
    st.next_epoch = 2;
  st.queues["default"].name = "default";
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::enqueue, enqueue_ptr& x) { return self->state.on_enqueue(x); },
    [self](atom::enqueue, enqueue_block& x) { return self->state.on_block(x); },
    [self](atom::attach, worker_pool_actor& pool, const pool_offer& x) {
      self->state.on_attach(std::move(pool), x);
    },
    [&st](atom::attach, worker_pool_actor& pool, job_claims& x) {
      return st.on_claims(std::move(pool), std::move(x));
    },
    [self](atom::renew) { self->state.on_renew(self->current_sender()); },
    [self](atom::expire) { self->state.on_leases(); },
    [self](atom::nodes) { return self->state.on_nodes(); },
    [self](atom::put, const node_change& x) { return self->state.on_node(x); },
    [self](atom::report, report_block& x) { self->state.on_report(x); },
    [self](atom::watch, const job_id& step, step_monitor_actor& monitor) {
      self->state.on_watch(step, std::move(monitor));
    },
    [self](atom::cancel, const job_id& x) { return self->state.on_cancel(x); },
    [&st](atom::cancel, atom::job, const job_id& x) { return st.on_stop(x); },
    [&st](atom::explain, const job_id& x) { return st.on_explain(x); },
    [self](atom::queues) { return self->state.on_queues(); },
    [self](atom::queues, const std::string& x) {
      return self->state.on_queue(x);
    },
    [self](atom::queues, const queue_change& x) {
      return self->state.on_change(x);
    },
    [self](atom::list) { return self->state.on_types(); },
    [self](atom::put, const type_change& x) { return self->state.on_slots(x); },
    [self](atom::forget, const job_id& x) { self->state.cancelled.erase(x); },
    [&st](atom::recover, const recovery_ptr& x) { st.on_recover(*x); },
    [self](atom::drain) { return self->state.on_drain(); },
    [self](atom::stats) { return self->state.on_stats(); },
    [self](atom::flush) { self->state.on_flush(); },
    [self](atom::wake) { self->state.on_wake(); },
    [self](atom::status, atom::visit) { return self->state.on_status_tree(); },
  };
}

} // namespace quaero
