#include "actors/queue.hpp"

#include "actors/census.hpp"
#include "actors/deadlines.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace quaero {

size_t queue_state::bytes_of(const queue_job& x) {
  return sizeof(loaded_job) + x.type.size() + x.name.size() + x.config.size()
         + x.metadata.size();
}

namespace {

/// The stronger of two classes.
durability stronger(durability a, durability b) {
  if (a == durability::each || b == durability::each)
    return durability::each;
  return a == durability::group || b == durability::group
           ? durability::group
           : durability::buffered;
}

} // namespace

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

void queue_state::gathering::need(durability level) {
  change->level = stronger(change->level, level);
}

// -- messages -----------------------------------------------------------------

ack_promise queue_state::on_enqueue(enqueue_ptr request) {
  auto reply = self->make_response_promise<void>();
  const auto& jobs = request->jobs;
  if (length + jobs.size() > config.length_max) {
    reply.deliver(
      make_error(ec::limit_reached, "the queue is full: queue.length_max is "
                                      + std::to_string(config.length_max)));
    return reply;
  }
  if (!jobs.empty() && cancelled.count(jobs[0].manager_id) != 0) {
    reply.deliver(make_error(ec::conflict, "the run is being cancelled"));
    return reply;
  }
  auto& ops = pending.change->ops;
  ops.append(request->ops);
  if (!jobs.empty())
    pending.change->add_spawned(jobs.back(), jobs.size());
  for (auto& job : request->jobs) {
    auto x = take_in(std::move(job), ops);
    if (scopes[x.job.scope].step)
      ++pending.delta(scopes[x.job.scope].step).created;
    pending.arrivals.push_back(std::move(x));
  }
  pending.change->created += jobs.size();
  if (!jobs.empty() && !jobs[0].parent_id)
    pending.change->roots += jobs.size();
  pending.need(request->level);
  pending.replies.push_back(reply);
  arm_flush();
  return reply;
}

void queue_state::on_attach(const std::string& type, worker_pool_actor handle,
                            uint32_t slots) {
  self->monitor(handle);
  auto& where = lanes_of(type);
  where.pools.push_back({std::move(handle), slots, slots});
  dispatch(where);
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
  std::vector<uint64_t> pinned;
  pinned.reserve(found.queue.size());
  for (const auto& x : found.queue)
    if (x.key.lane != storage::delayed_lane)
      pinned.push_back(x.key.sequence);
  std::sort(pinned.begin(), pinned.end());
  for (auto sequence : pinned)
    sequences.adopt(sequence);
  sequences.skip_to(found.next_sequence);
  stored_head = sequences.head();
  const std::unordered_set<job_id> interrupted{found.interrupted.begin(),
                                               found.interrupted.end()};
  for (auto& x : found.queue) {
    arrival one;
    one.job.id = x.id;
    one.job.key = x.key;
    one.job.priority = std::min(x.priority, priority_max);
    one.job.interrupted = interrupted.count(x.id) != 0;
    one.job.scope = scope_for(x.manager_id, x.step_id);
    one.type = &lanes_of(x.type);
    one.run_at = x.run_at;
    lane_used[x.key.lane] = true;
    if (x.step_id)
      awaited[x.step_id].step = x.step_id;
    enter(one.job.scope);
    arrive(std::move(one));
  }
  dispatch();
  log::info("queue.recovered", {{"jobs", found.queue.size()}});
}

void queue_state::on_wake() {
  wake_at = {};
  const auto now = clock->now();
  while (!delayed.empty() && delayed.begin()->first <= now) {
    auto x = std::move(delayed.extract(delayed.begin()).mapped());
    x.run_at = {};
    arrive(std::move(x));
  }
  arm_wake();
  dispatch();
}

void queue_state::on_down(const caf::down_msg& down) {
  std::erase_if(
    monitors, [&](const auto& x) { return x.second.address() == down.source; });
  report_block lost;
  for (auto& [id, held] : leases) {
    if (held.pool != down.source || held.reported)
      continue;
    job_report x;
    x.id = id;
    x.epoch = held.epoch;
    x.attempt = held.attempt;
    x.start_logged = true;
    x.outcome = job_outcome::failure("the worker pool ended");
    x.retry_at = clock->now();
    lost.reports.push_back(std::move(x));
  }
  for (auto& [type, where] : types)
    std::erase_if(where.pools, [&](const pool& x) {
      return x.handle.address() == down.source;
    });
  if (!lost.reports.empty()) {
    log::warn("queue.pool_lost", {{"jobs", lost.reports.size()}});
    on_report(lost);
  }
}

ack_promise queue_state::on_drain() {
  drained = true;
  auto reply = self->make_response_promise<void>();
  if (leases.empty())
    acknowledge(reply);
  else
    draining.push_back(reply);
  return reply;
}

queue_status queue_state::on_stats() const {
  queue_status out;
  for (const auto& [type, where] : types)
    out.ready += where.size;
  out.delayed = delayed.size();
  out.leased = leases.size();
  return out;
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

// -- waiting jobs -------------------------------------------------------------

queue_state::arrival queue_state::make_arrival(const queue_job& job,
                                               uint32_t attempt,
                                               storage::write_batch& out) {
  arrival x;
  const bool later = job.run_at > clock->now();
  const auto priority = std::min(job.priority, priority_max);
  auto& key = x.job.key;
  key.lane = later ? storage::delayed_lane : priority;
  key.sequence = sequences.take(!later);
  lane_used[key.lane] = true;
  x.job.id = job.id;
  x.job.priority = priority;
  x.job.scope = scope_for(job.manager_id, job.step_id);
  x.type = &lanes_of(job.type);
  x.run_at = job.run_at;
  storage::put_queue_entry(out, {key, job.id, job.step_id, job.manager_id,
                                 job.type, job.queue, priority, job.run_at,
                                 attempt, job.unique_key, job.expires_at});
  enter(x.job.scope);
  return x;
}

queue_state::arrival queue_state::take_in(queue_job job,
                                          storage::write_batch& out) {
  auto x = make_arrival(job, 0, out);
  if (resident_bytes + bytes_of(job) <= config.resident_bytes_max)
    hold_record(x.job, {std::move(job), 0, 0});
  return x;
}

void queue_state::hold_record(entry& x, loaded_job record) {
  resident_bytes += bytes_of(record.job);
  x.record = std::make_unique<loaded_job>(std::move(record));
}

loaded_job queue_state::take_record(entry& x) {
  auto record = std::move(*std::exchange(x.record, nullptr));
  resident_bytes -= bytes_of(record.job);
  return record;
}

queue_state::lanes& queue_state::lanes_of(const std::string& type) {
  auto [i, added] = types.try_emplace(type);
  if (added)
    i->second.name = type;
  return i->second;
}

void queue_state::arrive(arrival x) {
  if (is_cancelled(x.job.scope)) {
    cancel_entry(x.job, *x.type);
    return;
  }
  if (x.run_at > clock->now()) {
    auto at = x.run_at;
    delayed.emplace(at, std::move(x));
    arm_wake();
    return;
  }
  auto& where = *x.type;
  where.ready[x.job.priority].push_back(std::move(x.job));
  ++where.size;
}

void queue_state::arm_wake() {
  if (delayed.empty())
    return;
  const auto due = delayed.begin()->first;
  if (wake_at != timestamp{} && wake_at <= due)
    return;
  wake_at = due;
  // Rounded up: a timer that is early by less than it can tell would spin.
  auto wait = std::max(due - clock->now(), timestamp::duration{0})
              + std::chrono::milliseconds{1};
  self->delayed_send(self, wait, atom::wake_v);
}

uint32_t queue_state::scope_for(const job_id& manager, const job_id& step) {
  if (!manager && !step)
    return 0;
  const auto& key = step ? step : manager;
  auto [i, added] = scope_of_step.try_emplace(key, 0);
  if (added) {
    if (free_scopes.empty()) {
      i->second = static_cast<uint32_t>(scopes.size());
      scopes.push_back({});
    } else {
      i->second = free_scopes.back();
      free_scopes.pop_back();
    }
    scopes[i->second] = {manager, step, 0};
  }
  return i->second;
}

void queue_state::enter(uint32_t where) {
  ++length;
  auto& x = scopes[where];
  ++x.live;
  if (x.manager)
    ++live_of_run[x.manager];
}

void queue_state::leave(uint32_t where) {
  --length;
  auto& x = scopes[where];
  const auto manager = x.manager;
  if (--x.live == 0 && where != 0) {
    scope_of_step.erase(x.step ? x.step : x.manager);
    x = {};
    free_scopes.push_back(where);
  }
  if (!manager)
    return;
  auto i = live_of_run.find(manager);
  if (--i->second == 0) {
    live_of_run.erase(i);
    check_idle(manager);
  }
}

void queue_state::tell(const step_delta& delta) {
  if (auto i = monitors.find(delta.step); i != monitors.end())
    self->send(i->second, atom::count_v, delta);
  else if (auto late = awaited.find(delta.step); late != awaited.end())
    late->second += delta;
}

// -- commits ------------------------------------------------------------------

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
  for (auto& x : done.arrivals)
    arrive(std::move(x));
  for (const auto& id : done.ended)
    end_lease(id);
  for (const auto& [key, where] : done.gone) {
    if (key.lane != storage::delayed_lane)
      sequences.release(key.sequence);
    leave(where);
  }
  for (const auto& x : done.deltas)
    tell(x);
  for (auto& x : done.saved)
    self->send(documents, atom::settle_v, std::move(x));
  for (auto& x : done.replies)
    acknowledge(x);
  for (const auto& id : done.silent)
    self->send(collector, atom::forget_v, id);
  dispatch();
  arm_flush();
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
      || config.block_jobs_max == 0 || config.boot == 0) {
    self->quit(make_error(ec::invalid_config, "queue: a limit is 0"));
    return queue_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = config;
  st.collector = std::move(collector);
  st.reader = std::move(reader);
  st.documents = std::move(documents);
  st.ids = std::move(ids);
  st.clock = clock;
  st.next_epoch = (config.boot << 32) + 1;
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::enqueue, enqueue_ptr& x) {
      return self->state.on_enqueue(std::move(x));
    },
    [self](atom::attach, const std::string& type, worker_pool_actor& pool,
           uint32_t slots) {
      self->state.on_attach(type, std::move(pool), slots);
    },
    [self](atom::report, report_block& x) { self->state.on_report(x); },
    [self](atom::watch, const job_id& step, step_monitor_actor& monitor) {
      self->state.on_watch(step, std::move(monitor));
    },
    [self](atom::cancel, const job_id& x) { return self->state.on_cancel(x); },
    [self](atom::forget, const job_id& x) { self->state.cancelled.erase(x); },
    [self](atom::recover, const recovery_ptr& x) {
      self->state.on_recover(*x);
    },
    [self](atom::drain) { return self->state.on_drain(); },
    [self](atom::stats) { return self->state.on_stats(); },
    [self](atom::flush) { self->state.on_flush(); },
    [self](atom::wake) { self->state.on_wake(); },
    [self](atom::status, atom::visit) { return self->state.on_status_tree(); },
  };
}

} // namespace quaero
