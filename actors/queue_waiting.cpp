#include "actors/queue.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

size_t queue_state::bytes_of(const queue_job& x) {
  return sizeof(loaded_job) + x.type.size() + x.name.size() + x.config.size()
         + x.metadata.size();
}

// -- the way in ---------------------------------------------------------------

bool queue_state::take_in(queue_job& job, storage::write_batch& out,
                          job_id& existing) {
  if (!job.unique_key.empty()) {
    auto [i, added] = unique.try_emplace(job.unique_key, job.id);
    if (!added) {
      existing = i->second;
      return false;
    }
    storage::put_job(out, job); // see make_jobs()
  }
  auto& x = jobs.add(job.id);
  x.priority = std::min(job.priority, priority_max);
  x.set_key(new_key(x.priority, job.run_at));
  x.lane = &lanes_of(job.type, job.queue, job.tags);
  storage::put_queue_entry(out, {x.key(), job.id, job.step_id, job.manager_id,
                                 job.type, job.queue, x.priority, job.run_at, 0,
                                 job.unique_key, job.expires_at, job.tags,
                                 job.limit_key});
  enter(x, job.manager_id, job.step_id);
  set_terms(x, {job.unique_key, job.expires_at, job.tags, job.limit_key});
  pending.change->add_job(job.id, facets_at(x));
  if (job.step_id)
    ++pending.delta(job.step_id).created;
  pending.change->add_spawned(job, 1);
  pending.arrivals.push_back(&x);
  pending.run_at.push_back(job.run_at);
  if (resident_bytes + bytes_of(job) <= config.resident_bytes_max)
    hold_record(x, {std::move(job), 0, 0});
  return true;
}

storage::queue_key queue_state::new_key(uint8_t priority, timestamp run_at) {
  const bool later = run_at > clock->now();
  storage::queue_key key;
  key.lane = later ? storage::delayed_lane : priority;
  key.sequence = sequences.take(!later);
  lane_used[key.lane] = true;
  return key;
}

void queue_state::set_terms(queued_job& x, job_terms wanted) {
  x.has_terms = !wanted.empty();
  if (x.has_terms)
    terms[x.id] = std::move(wanted);
}

/// Where the commit that gathers has what the job is found by.
uint32_t queue_state::facets_at(const queued_job& x) {
  static const std::vector<std::string> no_tags;
  const auto& of = scopes[x.scope];
  return pending.change->facets_index(
    of.manager, x.lane->type->name, x.lane->queue->name,
    x.has_terms ? terms.at(x.id).tags : no_tags, !of.step);
}

void queue_state::enter(queued_job& x, const job_id& manager,
                        const job_id& step) {
  ++length;
  ++x.lane->queue->live;
  ++x.lane->live;
  if (!manager && !step)
    return;
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
    scopes[i->second] = {manager, step, {}};
  }
  x.scope = i->second;
  scopes[x.scope].jobs.push_back(x);
  if (manager)
    ++live_of_run[manager];
}

namespace {

/// There may be any number of things that jobs need.
void forget_lanes(queue_state& st, lane_set& x) {
  if (x.live != 0 || x.needs.empty())
    return;
  if (st.last_lane == &x)
    st.last_lane = nullptr;
  if (x.open)
    x.type->open.erase(&x);
  std::erase(x.queue->lanes, &x);
  x.type->sets.erase({x.queue->name, x.needs});
}

/// Who stopped a job whose end was under way already is answered as late as
/// anybody else: when no loss of power can take that end back.
void answer_stopped(queue_state& st, std::vector<ack_promise>& waiting,
                    durability stored_at) {
  if (stored_at != durability::buffered) {
    for (auto& one : waiting)
      acknowledge(one);
    return;
  }
  st.pending.need(durability::group);
  for (auto& one : waiting)
    st.pending.replies.push_back(std::move(one));
}

} // namespace

void queue_state::leave(queued_job& x, durability stored_at) {
  move_to(x, queue_place::ending);
  --length;
  --x.lane->queue->live;
  --x.lane->live;
  if (x.has_terms) {
    auto i = terms.find(x.id);
    unique.erase(i->second.unique_key);
    terms.erase(i);
  }
  forget_lanes(*this, *x.lane);
  auto waiting = stopping.extract(x.stopped ? x.id : job_id{});
  const auto where = x.scope;
  const auto [manager, step, all] = scopes[where];
  if (where != 0) {
    scopes[where].jobs.remove(x);
    if (scopes[where].jobs.empty()) {
      scope_of_step.erase(step ? step : manager);
      scopes[where] = {};
      free_scopes.push_back(where);
      check_idle(step);
    }
  }
  jobs.remove(x);
  if (waiting)
    answer_stopped(*this, waiting.mapped(), stored_at);
  if (!manager)
    return;
  auto i = live_of_run.find(manager);
  if (--i->second == 0) {
    live_of_run.erase(i);
    check_idle(manager);
  }
}

void queue_state::hold_record(queued_job& x, loaded_job record) {
  resident_bytes += bytes_of(record.job);
  x.need_body().record = std::make_unique<loaded_job>(std::move(record));
}

loaded_job queue_state::take_record(queued_job& x) {
  auto record = std::move(*std::exchange(x.body->record, nullptr));
  resident_bytes -= bytes_of(record.job);
  return record;
}

// -- waiting ------------------------------------------------------------------

/// A moment for a job that is ready since `since`; later than that of every job
/// of its priority that came before it, whatever the clock says.
timestamp queue_state::order_at(uint8_t priority, timestamp since) {
  auto& last = newest[priority];
  last = std::max(last + std::chrono::nanoseconds{1}, since);
  return last;
}

void queue_state::arrive(queued_job& x, timestamp run_at) {
  arrive(x, run_at, clock->now());
}

void queue_state::arrive(queued_job& x, timestamp run_at, timestamp since) {
  if (is_cancelled(x)) {
    cancel_entry(x);
    return;
  }
  if (x.has_terms) {
    if (expired(x, clock->now())) {
      end_entry(x, job_status::failed, expired_error, failure_reason::expired);
      return;
    }
    if (const auto& until = terms[x.id].expires_at; until != timestamp{})
      expiries.emplace(until, x.key().sequence, &x);
  }
  if (run_at > clock->now()) {
    x.at = run_at;
    move_to(x, queue_place::delayed);
    delayed.emplace(run_at, x.key().sequence, &x);
  } else {
    x.at = order_at(x.priority, since);
    move_to(x, queue_place::ready);
    push_ready(x);
  }
  if (x.has_terms || x.place == queue_place::delayed)
    arm_wake();
}

void queue_state::push_ready(queued_job& x) {
  auto& lanes = *x.lane;
  lanes.ready[x.priority].push_back(x, scopes[x.scope].manager);
  ++lanes.size;
  if (!lanes.open || due_of(x) < lanes.head_due)
    refresh(lanes);
}

timestamp queue_state::due_of(const queued_job& x) const {
  return quaero::due_of(x.priority, x.at, config.priority_aging);
}

namespace {

/// Which number of its queue counts a job that is there.
uint64_t* counter_of(named_queue& queue, queue_place x) {
  switch (x) {
    case queue_place::ready:
      return &queue.ready;
    case queue_place::delayed:
      return &queue.delayed;
    case queue_place::loading:
    case queue_place::leased:
    case queue_place::reported:
      return &queue.running;
    default:
      return nullptr;
  }
}

bool is_leased(queue_place x) {
  return x == queue_place::leased || x == queue_place::reported;
}

} // namespace

void queue_state::move_to(queued_job& x, queue_place to) {
  auto& queue = *x.lane->queue;
  const auto from = std::exchange(x.place, to);
  ready += uint64_t{to == queue_place::ready};
  ready -= uint64_t{from == queue_place::ready};
  leased += uint64_t{is_leased(to)};
  leased -= uint64_t{is_leased(from)};
  auto* less = counter_of(queue, from);
  auto* more = counter_of(queue, to);
  if (less == more)
    return;
  const bool was_open = queue.open();
  if (less != nullptr)
    --*less;
  if (more != nullptr)
    ++*more;
  if (x.has_terms && more == &queue.running)
    count_running(x);
  if (x.has_terms && less == &queue.running)
    count_over(x);
  if (was_open != queue.open())
    refresh(queue);
}

/// Takes a job that is ready or delayed out of where it waits.
void queue_state::remove_waiting(queued_job& x) {
  if (x.place == queue_place::delayed) {
    delayed.erase({x.at, x.key().sequence, &x});
  } else if (x.place == queue_place::ready && is_held(x)) {
    leave_gate(x);
  } else if (x.place == queue_place::ready) {
    auto& lanes = *x.lane;
    const bool first = lanes.open && lanes.head_priority == x.priority
                       && &lanes.ready[x.priority].front() == &x;
    lanes.ready[x.priority].remove(x, scopes[x.scope].manager);
    --lanes.size;
    if (first)
      refresh(lanes);
  }
  if (x.has_terms)
    expiries.erase({terms[x.id].expires_at, x.key().sequence, &x});
}

// -- time ---------------------------------------------------------------------

bool queue_state::expired(const queued_job& x, timestamp now) const {
  const auto until = terms.at(x.id).expires_at;
  return until != timestamp{} && until <= now;
}

void queue_state::on_wake() {
  wake_at = {};
  const auto now = clock->now();
  while (!expiries.empty() && std::get<0>(*expiries.begin()) <= now)
    end_entry(*std::get<2>(*expiries.begin()), job_status::failed,
              expired_error, failure_reason::expired);
  while (!delayed.empty() && std::get<0>(*delayed.begin()) <= now) {
    auto& x = *std::get<2>(*delayed.begin());
    remove_waiting(x);
    arrive(x, {});
  }
  open_by_rate();
  arm_wake();
  dispatch();
}

void queue_state::arm_wake() {
  auto due = timestamp::max();
  for (const auto* timers : {&delayed, &expiries})
    if (!timers->empty())
      due = std::min(due, std::get<0>(*timers->begin()));
  if (due == timestamp::max() || (wake_at != timestamp{} && wake_at <= due))
    return;
  wake_at = due;
  // Rounded up: a timer that is early by less than it can tell would spin.
  auto wait = std::max(due - clock->now(), timestamp::duration{0})
              + std::chrono::milliseconds{1};
  self->delayed_send(self, wait, atom::wake_v);
}

} // namespace quaero
