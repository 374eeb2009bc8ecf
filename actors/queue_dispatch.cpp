#include "actors/deadlines.hpp"
#include "actors/queue.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// After a read that failed as a whole.
constexpr std::chrono::seconds load_retry_delay{1};

bool is_remote(const type_lanes& type, const worker_pool_actor& pool) {
  return std::any_of(
    type.pools.begin(), type.pools.end(),
    [&](const offered_slots& x) { return x.handle == pool && x.remote; });
}

} // namespace

void queue_state::dispatch() {
  if (drained)
    return;
  // In turn, or a node that is full would serve the first type only.
  for (size_t i = 0; i < type_turns.size(); ++i) {
    auto& where = *type_turns[(next_type + i) % type_turns.size()];
    if (!where.open.empty())
      dispatch(where);
  }
  ++next_type;
}

namespace {

/// With one job more, and for its weight.
bool has_less_to_do(const offered_slots& x, const offered_slots& than) {
  return (uint64_t{x.busy} + 1) * than.weight
         < (uint64_t{than.busy} + 1) * x.weight;
}

/// The pool that has least to do, of those with a free slot; equals take turns.
/// Null if there is none.
offered_slots* next_pool(type_lanes& where) {
  offered_slots* out = nullptr;
  const auto n = where.pools.size();
  for (size_t i = 0; i < n; ++i) {
    auto& x = where.pools[(where.next_pool + i) % n];
    if (!x.passed && x.free() > 0
        && (out == nullptr || has_less_to_do(x, *out)))
      out = &x;
  }
  if (out != nullptr)
    where.next_pool = static_cast<size_t>(out - where.pools.data()) + 1;
  return out;
}

/// How many jobs of `ready` the pool is given at once: a quarter of its share,
/// so that the last ones can make the shares even.
uint64_t portion(const offered_slots& to, size_t pools, uint64_t weights,
                 uint64_t ready) {
  if (pools == 1)
    return UINT64_MAX;
  return std::max<uint64_t>(1, ready * to.weight / (4 * weights));
}

} // namespace

void queue_state::dispatch(type_lanes& where) {
  uint64_t weights = 0;
  for (auto& x : where.pools) {
    x.passed = false;
    weights += x.weight;
  }
  while (!drained && !where.open.empty()) {
    auto* next = next_pool(where);
    if (next == nullptr)
      break;
    auto& to = *next;
    const auto count
      = std::min<uint64_t>({to.free(), config.block_jobs_max,
                            portion(to, where.pools.size(), weights, ready)});
    auto present = take(where, to, count);
    if (present.empty()) {
      to.passed = true;
      continue;
    }
    if (to.busy == 0)
      to.lease_until = self->clock().now() + config.lease;
    to.take(static_cast<uint32_t>(present.size()));
    auto first_absent = std::stable_partition(
      present.begin(), present.end(), [](auto* x) { return x->has_record(); });
    std::vector<queued_job*> absent(first_absent, present.end());
    present.erase(first_absent, present.end());
    if (!absent.empty())
      load_then_assign(where, to.handle, std::move(absent));
    if (!present.empty())
      assign(to.handle, present);
  }
  arm_leases();
}

namespace {

/// The first lane, from `at` on, whose jobs the pool may run.
auto next_for(const type_lanes& where, const offered_slots& to,
              decltype(where.open.begin()) at) {
  return std::find_if(at, where.open.end(), [&](const lane_set* x) {
    return x->needs.empty() || to.offers(x->needs);
  });
}

} // namespace

std::vector<queued_job*>
queue_state::take(type_lanes& where, const offered_slots& to, size_t count) {
  std::vector<queued_job*> out;
  out.reserve(std::min<size_t>(count, ready));
  while (out.size() < count) {
    auto at = next_for(where, to, where.open.begin());
    if (at == where.open.end())
      break;
    auto& from = **at;
    const auto rival = next_for(where, to, where.open.erase(at));
    from.open = false; // nobody puts it back meanwhile
    take_from(from, rival == where.open.end() ? nullptr : *rival, count, out);
    refresh(from);
    for (auto* x : std::exchange(held_back, {}))
      open_gates_of(*x);
  }
  return out;
}

/// Takes jobs until one of `rival` would come first.
void queue_state::take_from(lane_set& from, const lane_set* rival, size_t count,
                            std::vector<queued_job*>& out) {
  const auto now = clock->now();
  while (out.size() < count && from.set_head(config.priority_aging)) {
    if (rival != nullptr && from.head_due > rival->head_due)
      return;
    auto& lane = from.ready[from.head_priority];
    auto& x = lane.front();
    if (x.has_terms && expired(x, now)) {
      end_entry(x, job_status::failed, expired_error, failure_reason::expired);
      continue;
    }
    if (auto* gate = x.has_terms ? closed_gate(x) : nullptr) {
      hold_at(*gate, x);
      continue;
    }
    lane.next_turn();
    remove_waiting(x);
    move_to(x, queue_place::loading);
    count_start(*from.queue);
    out.push_back(&x);
  }
}

void queue_state::assign(const worker_pool_actor& to,
                         const std::vector<queued_job*>& batch) {
  job_block block;
  block.jobs.reserve(batch.size());
  gathering counts;
  job_times waits;
  uint64_t interrupted = 0;
  const bool remote = is_remote(*batch.front()->lane->type, to);
  const auto now = clock->now();
  for (auto* x : batch) {
    auto record = take_record(*x);
    if (record.interrupted_epoch == 0)
      waits.add(now - x->at);
    else
      ++interrupted; // and did not wait all that time
    x->at = now;
    auto& held = *x->body;
    held.attempt = record.attempt + 1;
    held.epoch = next_epoch | (remote ? remote_epoch_bit : 0);
    next_epoch += 2 * remote_epoch_bit;
    held.pool = to.address();
    move_to(*x, queue_place::leased);
    if (const auto& step = scopes[x->scope].step)
      ++counts.delta(step).started;
    auto& lease = block.jobs.emplace_back();
    lease.job = std::move(record.job);
    lease.epoch = held.epoch;
    lease.attempt = held.attempt;
    lease.interrupted_epoch = record.interrupted_epoch;
    if (x->has_terms) {
      lease.uncounted = terms.at(x->id).uncounted;
      lease.deaths = terms.at(x->id).deaths;
    }
  }
  self->send(to, atom::assign_v, std::move(block));
  for (const auto& x : counts.deltas)
    tell(x);
  for_each_lane(batch, [](const lane_set& x, uint64_t n) {
    metrics::jobs_started(*x.meter, n);
  });
  auto& type = *batch.front()->lane->type->meter;
  metrics::job_waits(type, waits);
  metrics::jobs_orphaned(type, interrupted);
}

void queue_state::load_then_assign(type_lanes& where,
                                   const worker_pool_actor& to,
                                   std::vector<queued_job*> batch) {
  id_list wanted;
  for (auto* x : batch) {
    wanted.ids.push_back(x->id);
    x->need_body().pool = to.address();
  }
  auto waiting = std::make_shared<std::vector<queued_job*>>(std::move(batch));
  auto* type = &where;
  self->request(reader, reader_deadline, atom::load_v, std::move(wanted))
    .then(
      [this, type, to, waiting](std::vector<loaded_job>& found) {
        on_loaded(*type, to, *waiting, found);
      },
      [this, waiting](caf::error& e) {
        log::error("queue.load_failed", {{"error", message_of(e)}});
        for (auto* x : *waiting) {
          end_lease(*x);
          arrive(*x, clock->now() + load_retry_delay);
        }
      });
}

void queue_state::on_loaded(type_lanes& where, const worker_pool_actor& to,
                            const std::vector<queued_job*>& batch,
                            std::vector<loaded_job>& found) {
  constexpr const char* unreadable = "its record cannot be read";
  std::vector<queued_job*> usable;
  size_t next = 0;
  for (auto* x : batch) {
    const bool there = next < found.size() && found[next].job.id == x->id;
    if (there)
      hold_record(*x, std::move(found[next++]));
    if (!there) {
      log::error("queue.job_failed",
                 {{"job", to_string(x->id)}, {"why", unreadable}});
      end_entry(*x, job_status::failed, unreadable,
                failure_reason::not_retryable);
    } else if (is_cancelled(*x)) {
      cancel_entry(*x);
    } else if (drained) {
      arrive(*x, {}); // it waits for the next start
    } else {
      usable.push_back(x);
    }
  }
  // Even if it has attached again: it was lost with the slots for these.
  const bool gone = batch.front()->body->pool == nullptr;
  if (gone) {
    for (auto* x : usable)
      arrive(*x, {});
    dispatch(where);
    return;
  }
  give_back(where, to.address(),
            static_cast<uint32_t>(batch.size() - usable.size()));
  for (auto& x : where.pools)
    if (x.handle == to) // it could not give a sign before it had them
      x.lease_until = self->clock().now() + config.lease;
  if (!usable.empty())
    assign(to, usable);
}

void queue_state::give_back(type_lanes& where, const caf::actor_addr& to,
                            uint32_t slots) {
  for (auto& x : where.pools)
    if (x.handle.address() == to)
      x.give_back(slots);
}

void queue_state::end_lease(queued_job& x) {
  give_back(*x.lane->type, x.body->pool, 1);
  x.body->pool = nullptr;
  if (!x.body->record)
    x.body.reset();
}

} // namespace quaero
