#include "actors/mutation.hpp"
#include "actors/queue.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

// -- jobs that share a limit --------------------------------------------------

/// Of a job with a key; null without.
key_gate* queue_state::gate_of(const queued_job& x) {
  const auto& key = terms.at(x.id).limit_key;
  return key.empty() ? nullptr : &x.lane->queue->gates[key];
}

/// The gate that keeps a job from starting, or null.
key_gate* queue_state::closed_gate(const queued_job& x) {
  auto& suspects = x.lane->type->suspects;
  if (terms.at(x.id).deaths != 0 && suspects.running != 0)
    return &suspects;
  const auto& limit = x.lane->queue->settings.key_running_max;
  if (!limit)
    return nullptr;
  auto* gate = gate_of(x);
  return gate != nullptr && gate->running >= *limit ? gate : nullptr;
}

/// Whether a job is ready and in no lane, but at a gate.
bool queue_state::is_held(const queued_job& x) const {
  return x.has_terms && terms.at(x.id).gate != nullptr;
}

/// Takes a job whose turn it was out of its lane until its gate has room. Each
/// job gets there at most once for each of its gates and each time that it is
/// handed out, so nobody looks at those who wait over and over.
void queue_state::hold_at(key_gate& gate, queued_job& x) {
  auto& lanes = *x.lane;
  lanes.ready[x.priority].remove(x, scopes[x.scope].manager);
  --lanes.size;
  gate.held[x.priority].push_back(x);
  ++gate.waiting;
  terms.at(x.id).gate = &gate;
  held_back.push_back(&x); // its other gate may have let it through
}

void queue_state::leave_gate(queued_job& x) {
  auto* gate = std::exchange(terms.at(x.id).gate, nullptr);
  gate->held[x.priority].remove(x);
  --gate->waiting;
}

/// Lets up to `room` jobs back into their lanes. They were first there, so they
/// are again.
void queue_state::open_gate(key_gate& gate, uint64_t room) {
  std::vector<queued_job*> freed;
  for (auto& held : gate.held)
    for (auto* x = held.front(); x != nullptr && freed.size() < room;
         x = lane_jobs::behind(*x))
      freed.push_back(x);
  for (auto i = freed.rbegin(); i != freed.rend(); ++i) {
    auto& x = **i;
    leave_gate(x);
    x.lane->ready[x.priority].push_front(x, scopes[x.scope].manager);
    ++x.lane->size;
    refresh(*x.lane);
  }
}

/// A job that had been let through does not start after all: it has ended, or
/// waits at its other gate. Those behind it must not wait for it.
void queue_state::open_gates_of(const queued_job& x) {
  const auto& has = terms.at(x.id);
  auto& suspects = x.lane->type->suspects;
  if (has.deaths != 0 && suspects.running == 0)
    open_gate(suspects, 1);
  auto& queue = *x.lane->queue;
  if (auto i = queue.gates.find(has.limit_key); i != queue.gates.end())
    open_gate(i->second, room_of(queue, i->second));
}

/// How many more jobs of a key may start.
uint64_t queue_state::room_of(const named_queue& queue, const key_gate& gate) {
  const auto& limit = queue.settings.key_running_max;
  return limit ? *limit - std::min(*limit, gate.running) : gate.waiting;
}

void queue_state::count_running(queued_job& x) {
  if (auto* gate = gate_of(x); gate && !mutated(mutation::key_not_counted))
    ++gate->running;
  x.alone = terms.at(x.id).deaths != 0;
  x.lane->type->suspects.running += uint64_t{x.alone};
}

void queue_state::count_over(queued_job& x) {
  if (x.alone) {
    x.alone = false;
    auto& suspects = x.lane->type->suspects;
    --suspects.running;
    open_gate(suspects, 1);
  }
  auto* gate = gate_of(x);
  if (gate == nullptr)
    return;
  auto& queue = *x.lane->queue;
  if (!mutated(mutation::key_not_counted))
    --gate->running;
  if (gate->running == 0 && gate->waiting == 0)
    queue.gates.erase(terms.at(x.id).limit_key);
  else
    open_gate(*gate, room_of(queue, *gate));
}

explanation queue_state::explain_gate(const queued_job& x) const {
  const auto& type = *x.lane->type;
  if (terms.at(x.id).gate == &type.suspects)
    return {job_reason::suspected,
            "workers of type " + type.name
              + " ended while they had it; such jobs run one at a time",
            value::make_object({{"type", type.name},
                                {"deaths", terms.at(x.id).deaths},
                                {"waiting", type.suspects.waiting}})};
  const auto& queue = *x.lane->queue;
  const auto& key = terms.at(x.id).limit_key;
  const auto& gate = queue.gates.at(key);
  const auto limit = queue.settings.key_running_max.value_or(0);
  return {job_reason::key_limit,
          std::to_string(gate.running) + " of " + std::to_string(limit)
            + " jobs with the key '" + key + "' run in the queue '" + queue.name
            + "'",
          value::make_object({{"queue", queue.name},
                              {"limit_key", key},
                              {"running", gate.running},
                              {"waiting", gate.waiting},
                              {"key_running_max", limit}})};
}

// -- starts in a period -------------------------------------------------------

// By the clock that never jumps: a limit holds whatever becomes of the time of
// day.

/// One more job of the queue starts. With the last that may, the queue closes
/// until the first of the period is as long ago as that.
void queue_state::count_start(named_queue& queue) {
  const auto& limit = queue.settings.rate_max;
  if (!limit)
    return;
  const auto now = self->clock().now();
  queue.starts.push_back(now);
  while (queue.starts.front() + queue.settings.rate_period <= now)
    queue.starts.pop_front();
  if (queue.starts.size() >= *limit)
    close_by_rate(queue, queue.starts.front() + queue.settings.rate_period);
}

void queue_state::close_by_rate(named_queue& queue,
                                caf::actor_clock::time_point until) {
  rate_timers.erase({queue.rate_until, &queue});
  queue.rate_closed = true;
  queue.rate_until = until;
  rate_timers.emplace(until, &queue);
  refresh(queue);
  self->delayed_send(
    self,
    std::chrono::ceil<std::chrono::milliseconds>(until - self->clock().now()),
    atom::wake_v);
}

void queue_state::open_by_rate() {
  const auto now = self->clock().now();
  while (!rate_timers.empty() && rate_timers.begin()->first <= now) {
    auto& queue = *rate_timers.begin()->second;
    rate_timers.erase(rate_timers.begin());
    queue.rate_closed = false;
    while (!queue.starts.empty()
           && queue.starts.front() + queue.settings.rate_period <= now)
      queue.starts.pop_front();
    refresh(queue);
  }
}

/// Brings a queue in line with settings that have changed.
void queue_state::set_rate(named_queue& queue) {
  rate_timers.erase({queue.rate_until, &queue});
  queue.rate_closed = false;
  const auto& limit = queue.settings.rate_max;
  if (!limit) {
    queue.starts.clear();
    return;
  }
  while (queue.starts.size() > *limit)
    queue.starts.pop_front();
  if (queue.starts.size() == *limit)
    close_by_rate(queue, queue.starts.front() + queue.settings.rate_period);
}

/// What the daemon before this one has started lately is not known, so a queue
/// with a rate is closed for a period.
void queue_state::close_after_restart(named_queue& queue) {
  if (queue.settings.rate_max)
    close_by_rate(queue, self->clock().now() + queue.settings.rate_period);
}

explanation queue_state::explain_rate(const named_queue& queue) const {
  const auto limit = queue.settings.rate_max.value_or(0);
  const auto period = format_duration(queue.settings.rate_period);
  const auto wait = queue.rate_until - self->clock().now();
  const auto until = to_rfc3339(
    clock->now() + std::chrono::duration_cast<timestamp::duration>(wait));
  return {job_reason::rate_limit,
          "its queue '" + queue.name + "' starts " + std::to_string(limit)
            + " jobs in " + period + "; the next may start at " + until,
          value::make_object({{"queue", queue.name},
                              {"rate_max", limit},
                              {"rate_period", period},
                              {"until", until}})};
}

// -- slots of worker types ----------------------------------------------------

namespace {

type_info slots_of(const type_lanes& x) {
  type_info out{x.name, x.pools.size()};
  out.changed = x.slots.has_value();
  for (const auto& pool : x.pools) {
    out.slots += pool.slots;
    out.busy += pool.busy;
  }
  for (const auto& [queue, lanes] : x.sets)
    out.ready += lanes.size;
  return out;
}

} // namespace

void queue_state::recover_slots(const std::string& type, uint32_t slots) {
  auto& where = type_of(type);
  if (where.slots) // it was changed meanwhile
    return;
  where.slots = slots;
  for (auto& pool : where.pools)
    pool.slots = slots;
}

std::vector<type_info> queue_state::on_types() const {
  std::vector<type_info> out;
  for (const auto& [name_, x] : types)
    if (!x.pools.empty())
      out.push_back(slots_of(x));
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
  return out;
}

caf::typed_response_promise<type_info>
queue_state::on_slots(const type_change& x) {
  auto reply = self->make_response_promise<type_info>();
  auto i = types.find(x.type);
  if (i == types.end() || i->second.pools.empty()) {
    reply.deliver(make_error(ec::not_found, "no worker executes jobs of type '"
                                              + x.type + "'"));
    return reply;
  }
  if (x.slots && (*x.slots == 0 || *x.slots > slots_max)) {
    reply.deliver(
      make_error(ec::invalid_argument,
                 "slots must be from 1 to " + std::to_string(slots_max)));
    return reply;
  }
  auto& where = i->second;
  where.slots = x.slots;
  for (auto& pool : where.pools)
    pool.set_slots(x.slots);
  auto& ops = pending.change->ops;
  if (x.slots)
    storage::put_type_slots(ops, x.type, *x.slots);
  else
    storage::remove_type_slots(ops, x.type);
  pending.need(durability::group);
  pending.answers.push_back([reply, info = slots_of(where)]() mutable {
    reply.deliver(std::move(info));
  });
  dispatch();
  arm_flush();
  return reply;
}

} // namespace quaero
