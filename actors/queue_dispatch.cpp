#include "actors/deadlines.hpp"
#include "actors/queue.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// After a read that failed as a whole.
constexpr std::chrono::seconds load_retry_delay{1};

} // namespace

// -- running jobs -------------------------------------------------------------

void queue_state::dispatch() {
  if (drained)
    return;
  for (auto& [type, where] : types)
    if (where.size != 0)
      dispatch(where);
}

void queue_state::dispatch(lanes& where) {
  size_t busy = 0;
  while (!drained && where.size != 0 && busy < where.pools.size()) {
    auto& to = where.pools[where.next_pool++ % where.pools.size()];
    const auto count
      = std::min<uint64_t>({where.size, to.free, config.block_jobs_max});
    if (count == 0) {
      ++busy;
      continue;
    }
    busy = 0;
    to.free -= static_cast<uint32_t>(count);
    auto present = take(where, static_cast<size_t>(count));
    auto first_absent = std::stable_partition(
      present.begin(), present.end(),
      [](const entry& x) { return x.record != nullptr; });
    std::vector<entry> absent(std::make_move_iterator(first_absent),
                              std::make_move_iterator(present.end()));
    present.erase(first_absent, present.end());
    if (!absent.empty())
      load_then_assign(where, to.handle, std::move(absent));
    if (!present.empty())
      assign(where, to.handle, std::move(present));
  }
}

std::vector<queue_state::entry> queue_state::take(lanes& where, size_t count) {
  std::vector<entry> out;
  out.reserve(count);
  for (auto& lane : where.ready) {
    while (out.size() < count && !lane.empty()) {
      out.push_back(std::move(lane.front()));
      lane.pop_front();
    }
  }
  where.size -= out.size();
  return out;
}

void queue_state::assign(lanes& where, const worker_pool_actor& to,
                         std::vector<entry> batch) {
  job_block block;
  block.jobs.reserve(batch.size());
  gathering counts;
  for (auto& x : batch) {
    auto record = take_record(x);
    auto& job = record.job;
    const auto attempt = record.attempt + 1;
    lease held{next_epoch++,       attempt,      x.key, x.scope, job.priority,
               /*reported*/ false, to.address(), &where};
    if (scopes[x.scope].step)
      ++counts.delta(scopes[x.scope].step).started;
    block.jobs.push_back(
      {std::move(job), held.epoch, attempt, record.interrupted_epoch});
    leases.insert_or_assign(x.id, std::move(held));
  }
  self->send(to, atom::assign_v, std::move(block));
  for (const auto& x : counts.deltas)
    tell(x);
}

void queue_state::load_then_assign(lanes& where, const worker_pool_actor& to,
                                   std::vector<entry> batch) {
  id_list wanted;
  for (const auto& x : batch)
    wanted.ids.push_back(x.id);
  auto waiting = std::make_shared<std::vector<entry>>(std::move(batch));
  auto* type = &where;
  self->request(reader, reader_deadline, atom::load_v, std::move(wanted))
    .then(
      [this, type, to, waiting](std::vector<loaded_job>& found) {
        on_loaded(*type, to, *waiting, found);
      },
      [this, type, to, waiting](caf::error& e) {
        log::error("queue.load_failed", {{"error", message_of(e)}});
        give_back(*type, to.address(), static_cast<uint32_t>(waiting->size()));
        for (auto& x : *waiting)
          arrive({std::move(x), type, clock->now() + load_retry_delay});
      });
}

void queue_state::on_loaded(lanes& where, const worker_pool_actor& to,
                            std::vector<entry>& batch,
                            std::vector<loaded_job>& found) {
  std::vector<entry> ready;
  size_t next = 0;
  uint32_t unused = 0;
  for (auto& x : batch) {
    const bool there = next < found.size() && found[next].job.id == x.id;
    if (there)
      hold_record(x, std::move(found[next++]));
    if (!there) {
      end_entry(x, where, job_status::failed, "its record cannot be read");
      ++unused;
    } else if (is_cancelled(x.scope)) {
      cancel_entry(x, where);
      ++unused;
    } else if (drained) {
      ++unused; // it waits for the next start
    } else {
      ready.push_back(std::move(x));
    }
  }
  const auto& pools = where.pools;
  const bool gone = std::none_of(pools.begin(), pools.end(),
                                 [&](const pool& x) { return x.handle == to; });
  if (gone) {
    for (auto& x : ready)
      arrive({std::move(x), &where, {}});
    dispatch(where);
    return;
  }
  give_back(where, to.address(), unused);
  if (!ready.empty())
    assign(where, to, std::move(ready));
}

void queue_state::give_back(lanes& where, const caf::actor_addr& to,
                            uint32_t slots) {
  for (auto& x : where.pools)
    if (x.handle.address() == to)
      x.free = std::min(x.slots, x.free + slots);
}

void queue_state::end_lease(const job_id& id) {
  auto i = leases.find(id);
  if (i == leases.end())
    return;
  give_back(*i->second.type, i->second.pool, 1);
  leases.erase(i);
  if (leases.empty())
    for (auto& x : std::exchange(draining, {}))
      acknowledge(x);
}

// -- cancellation -------------------------------------------------------------

bool queue_state::is_cancelled(uint32_t where) const {
  return !cancelled.empty() && scopes[where].manager
         && cancelled.count(scopes[where].manager) != 0;
}

ack_promise queue_state::on_cancel(const job_id& manager) {
  auto reply = self->make_response_promise<void>();
  cancelled[manager].push_back(reply);
  cancel_waiting(manager);
  std::unordered_map<caf::actor_addr, id_list> running;
  for (const auto& [id, held] : leases)
    if (scopes[held.scope].manager == manager)
      running[held.pool].ids.push_back(id);
  for (auto& [type, where] : types)
    for (auto& x : where.pools)
      if (auto i = running.find(x.handle.address()); i != running.end()) {
        self->send(x.handle, atom::cancel_v, std::move(i->second));
        running.erase(i);
      }
  check_idle(manager);
  arm_flush();
  return reply;
}

void queue_state::cancel_waiting(const job_id& manager) {
  auto of_run
    = [&](const entry& x) { return scopes[x.scope].manager == manager; };
  for (auto& [type, where] : types) {
    for (auto& lane : where.ready) {
      auto keep = std::stable_partition(
        lane.begin(), lane.end(), [&](const entry& x) { return !of_run(x); });
      for (auto i = keep; i != lane.end(); ++i)
        cancel_entry(*i, where);
      where.size -= static_cast<uint64_t>(lane.end() - keep);
      lane.erase(keep, lane.end());
    }
  }
  for (auto i = delayed.begin(); i != delayed.end();) {
    if (of_run(i->second.job)) {
      cancel_entry(i->second.job, *i->second.type);
      i = delayed.erase(i);
    } else {
      ++i;
    }
  }
}

void queue_state::cancel_entry(entry& x, const lanes& where) {
  end_entry(x, where, job_status::cancelled, "cancelled with its run");
}

void queue_state::end_entry(entry& x, const lanes& where, job_status status,
                            std::string why) {
  auto from = x.interrupted ? job_status::running : job_status::pending;
  if (x.record != nullptr && take_record(x).interrupted_epoch != 0)
    from = job_status::running;
  if (status == job_status::failed)
    log::error("queue.job_failed", {{"job", to_string(x.id)}, {"why", why}});
  job_event event;
  event.id = x.id;
  event.status = status;
  event.at = clock->now();
  event.error = std::move(why);
  // Nothing can follow, so the number is the last one there is.
  const auto& below = scopes[x.scope];
  pending.change->add_event(UINT32_MAX, std::move(event),
                            {from, below.manager, below.step, where.name});
  storage::remove_queue_entry(pending.change->ops, x.key);
  if (const auto& step = scopes[x.scope].step) {
    auto& delta = pending.delta(step);
    if (status == job_status::cancelled) {
      ++delta.dropped;
    } else {
      ++delta.started; // counted as if it had run
      ++delta.failed;
    }
  }
  pending.gone.emplace_back(x.key, x.scope);
  arm_flush();
}

void queue_state::check_idle(const job_id& manager) {
  auto i = cancelled.find(manager);
  if (i == cancelled.end() || live_of_run.count(manager) != 0)
    return;
  for (auto& x : std::exchange(i->second, {}))
    acknowledge(x);
}

} // namespace quaero
