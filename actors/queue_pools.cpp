#include "actors/attempt_start.hpp"
#include "actors/deadlines.hpp"
#include "actors/mutation.hpp"
#include "actors/queue.hpp"
#include "definitions/log.hpp"
#include "definitions/node_weight.hpp"

#include <algorithm>
#include <utility>

/// Who offers slots, whether they live, and what their nodes may run.
namespace quaero {

void queue_state::on_attach(worker_pool_actor handle, const pool_offer& offer) {
  auto& node = nodes[offer.node];
  node.name = offer.node;
  auto& where = type_of(offer.type);
  auto at = std::find_if(where.pools.begin(), where.pools.end(),
                         [&](const auto& x) { return x.handle == handle; });
  if (at == where.pools.end()) {
    self->monitor(handle);
    at = where.pools.insert(at, offered_slots{});
    at->handle = std::move(handle);
    at->node = &node;
  }
  at->stores_starts = offer.stores_starts;
  at->remote = offer.remote;
  at->labels = offer.labels;
  std::sort(at->labels.begin(), at->labels.end());
  at->weight = weight_of(at->labels);
  at->own_slots = offer.slots;
  at->set_slots(where.slots);
  dispatch(where);
}

// -- leases -------------------------------------------------------------------

void queue_state::on_renew(const caf::strong_actor_ptr& pool) {
  const auto until = self->clock().now() + config.lease;
  for (auto& [type, where] : types)
    for (auto& x : where.pools)
      if (x.handle.address() == pool)
        x.lease_until = until;
}

/// One timer for all pools, armed while any of them has a job.
void queue_state::arm_leases() {
  if (leases_at != caf::actor_clock::time_point{})
    return;
  auto next = caf::actor_clock::time_point::max();
  for (const auto* where : type_turns)
    for (const auto& x : where->pools)
      if (x.busy > 0)
        next = std::min(next, x.lease_until);
  if (next == caf::actor_clock::time_point::max())
    return;
  leases_at = next;
  self->delayed_send(
    self,
    std::max(next - self->clock().now(), caf::actor_clock::duration_type{}),
    atom::expire_v);
}

namespace {

/// Whether a pool has a job, and so owes a sign of life. Looks at all jobs: for
/// a lease that has run out only.
bool has_leased(queued_jobs& all, const caf::actor_addr& pool) {
  bool out = false;
  all.for_each([&](const queued_job& x) {
    out |= x.place == queue_place::leased && x.body->pool == pool;
  });
  return out;
}

} // namespace

void queue_state::on_leases() {
  const auto now = self->clock().now();
  // The whole process stood still: the pools could not say anything, either.
  const bool late = now > leases_at + config.lease / 3;
  leases_at = {};
  std::vector<worker_pool_actor> silent;
  for (auto* where : type_turns)
    for (auto& x : where->pools) {
      if (x.busy == 0)
        continue;
      if (late)
        x.lease_until = now + config.lease;
      else if (x.lease_until <= now && has_leased(jobs, x.handle.address()))
        silent.push_back(x.handle);
      else if (x.lease_until <= now)
        x.lease_until = now + config.lease; // others read or store its jobs
    }
  for (const auto& x : silent) {
    self->send(x, atom::expire_v);
    lose_pool(x.address(), "the lease of its worker pool ran out");
  }
  arm_leases();
}

// -- pools that are gone ------------------------------------------------------

void queue_state::on_down(const caf::down_msg& down) {
  std::erase_if(
    monitors, [&](const auto& x) { return x.second.address() == down.source; });
  if (!mutated(mutation::lost_pool_unnoticed))
    lose_pool(down.source, "the worker pool ended");
}

void queue_state::lose_pool(const caf::actor_addr& pool, const char* why) {
  size_t lost = 0;
  bool stores_starts = true;
  for (auto* where : type_turns)
    lost += std::erase_if(where->pools, [&](auto& x) {
      if (x.handle.address() != pool)
        return false;
      x.give_back(x.busy);
      stores_starts = x.stores_starts;
      return true;
    });
  if (lost != 0)
    report_lost(pool, stores_starts, why);
}

namespace {

void end_interrupted(queue_state& st, const loaded_job& x) {
  const auto* held = st.jobs.find(x.job.id);
  if (held != nullptr)
    st.pending.change->add_event(
      end_number(x.attempt),
      end_of_interrupted(x.job.id, x.interrupted_epoch, x.attempt,
                         st.clock->now()),
      st.place_of(*held, job_status::running), st.facets_at(*held));
}

/// Takes as begun what the database says has begun. A start would have ended
/// an attempt that an earlier daemon's end interrupted; where there is none,
/// that is made up for.
void take_starts(queue_state& st, report_block& lost,
                 const std::vector<loaded_job>& found) {
  for (auto& x : lost.reports) {
    const auto at = std::lower_bound(
      found.begin(), found.end(), x.id,
      [](const loaded_job& a, const job_id& b) { return a.job.id < b; });
    const bool is_there = at != found.end() && at->job.id == x.id;
    x.start_logged = is_there && at->interrupted_epoch == x.epoch;
    if (x.start_logged)
      x.started_at = {}; // nobody knows how long it ran
    else if (is_there && at->interrupted_epoch != 0)
      end_interrupted(st, *at);
  }
}

/// A pool may have ended before it read what it was given: then no start is
/// stored, and the end must bring it. What the pool has sent to be stored is
/// stored when an empty commit behind it is.
void report_with_starts(queue_state& st, report_block lost) {
  auto all = std::make_shared<report_block>(std::move(lost));
  auto barrier = std::make_shared<commit>();
  barrier->level = durability::buffered;
  auto look = [&st, all] {
    id_list wanted;
    for (const auto& x : all->reports)
      wanted.ids.push_back(x.id);
    st.self
      ->request(st.reader, reader_deadline, atom::load_v, std::move(wanted))
      .then(
        [&st, all](const std::vector<loaded_job>& found) {
          take_starts(st, *all, found);
          st.on_report(*all);
        },
        [&st](caf::error& e) { st.self->quit(e); });
  };
  st.self
    ->request(st.collector, store_deadline, atom::commit_v, std::move(barrier))
    .then(look, [&st](caf::error& e) { st.self->quit(e); });
}

} // namespace

/// Ends the attempts that a pool had.
void queue_state::report_lost(const caf::actor_addr& pool, bool stores_starts,
                              const char* why) {
  report_block lost;
  const type_lanes* type = nullptr; // a pool has one
  jobs.for_each([&](queued_job& held) {
    if (!held.body || held.body->pool != pool)
      return;
    // Its slot went with the pool: one that comes back under this address must
    // not be given it.
    held.body->pool = nullptr;
    if (held.place != queue_place::leased)
      return;
    type = held.lane->type;
    job_report x;
    x.id = held.id;
    x.epoch = held.body->epoch;
    x.attempt = held.body->attempt;
    x.started_at = held.at;
    x.outcome = job_outcome::failure(why);
    x.outcome.worker_died = true;
    x.retry_at = clock->now();
    x.uncounted = true;
    x.start_logged = stores_starts; // what is not stored, is looked for
    lost.reports.push_back(std::move(x));
  });
  if (lost.reports.empty())
    return;
  std::sort(lost.reports.begin(), lost.reports.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  log::warn(
    "queue.pool_lost",
    {{"jobs", lost.reports.size()}, {"type", type->name}, {"why", why}});
  metrics::jobs_orphaned(*type->meter, lost.reports.size());
  if (stores_starts && !mutated(mutation::lost_start_left_out))
    report_with_starts(*this, std::move(lost));
  else
    on_report(lost);
}

// -- nodes --------------------------------------------------------------------

namespace {

node_info info_of_node(const node_place& x) {
  return {x.name, x.running, x.running_max};
}

std::string number(uint64_t x) {
  return std::to_string(x);
}

} // namespace

std::vector<node_info> queue_state::on_nodes() const {
  std::vector<node_info> out;
  for (const auto& [name_, x] : nodes)
    out.push_back(info_of_node(x));
  return out;
}

caf::typed_response_promise<node_info>
queue_state::on_node(const node_change& x) {
  auto reply = self->make_response_promise<node_info>();
  auto i = nodes.find(x.name);
  if (i == nodes.end()) {
    reply.deliver(make_error(ec::not_found, "no node '" + x.name + "'"));
    return reply;
  }
  if (x.running_max
      && (*x.running_max == 0 || *x.running_max > node_running_max)) {
    reply.deliver(
      make_error(ec::invalid_argument,
                 "running_max must be from 1 to " + number(node_running_max)));
    return reply;
  }
  i->second.running_max = x.running_max;
  auto& ops = pending.change->ops;
  if (x.running_max)
    storage::put_node_limit(ops, x.name, *x.running_max);
  else
    storage::remove_node_limit(ops, x.name);
  pending.need(durability::group);
  pending.answers.push_back([reply, info = info_of_node(i->second)]() mutable {
    reply.deliver(std::move(info));
  });
  dispatch();
  arm_flush();
  return reply;
}

// -- why a job that may start does not ----------------------------------------

namespace {

bool is_offered(const lane_set& x) {
  const auto& pools = x.type->pools;
  return std::any_of(pools.begin(), pools.end(),
                     [&](const auto& y) { return y.offers(x.needs); });
}

/// No machine has all labels: names one that none has, or else all of them.
explanation explain_labels(const lane_set& x) {
  std::string missing;
  for (const auto& label : x.needs) {
    const bool some
      = std::any_of(x.type->pools.begin(), x.type->pools.end(),
                    [&](const auto& pool) { return pool.offers({label}); });
    if (!some || missing.empty())
      missing = label;
    if (!some)
      break;
  }
  std::string all;
  for (const auto& label : x.needs)
    all += (all.empty() ? "" : ", ") + label;
  return {job_reason::no_worker,
          "no node that runs jobs of type " + x.type->name + " has "
            + (x.needs.size() == 1 ? "the label " : "all labels of ") + all,
          value::make_object(
            {{"type", x.type->name}, {"label", missing}, {"requires", all}})};
}

} // namespace

/// @param before how many jobs go first, counted up to `counted_max`.
explanation queue_state::explain_slots(const lane_set& lanes, uint64_t before,
                                       uint64_t counted_max) {
  const auto& type = *lanes.type;
  if (type.pools.empty())
    return {job_reason::no_worker, "no worker runs jobs of type " + type.name,
            value::make_object({{"type", type.name}})};
  if (!is_offered(lanes))
    return explain_labels(lanes);
  uint64_t slots = 0;
  uint64_t busy = 0;
  uint64_t free_slots = 0;
  uint64_t free = 0;
  const node_place* full = nullptr;
  for (const auto& pool : type.pools) {
    if (!pool.offers(lanes.needs))
      continue;
    slots += pool.slots;
    busy += pool.busy;
    free_slots += pool.free_slots();
    free += pool.free();
    if (pool.node->room() == 0)
      full = pool.node;
  }
  auto numbers = value::make_object(
    {{"type", type.name}, {"slots", slots}, {"busy", busy}});
  const auto all = number(busy) + " of " + number(slots) + " slots for "
                   + type.name + " are taken";
  if (before != 0) {
    const bool more = before > counted_max;
    numbers.set("before", before);
    return {job_reason::behind_others,
            (more ? "more than " + number(counted_max) : number(before))
              + " jobs go first; " + all,
            std::move(numbers)};
  }
  if (free_slots == 0)
    return {job_reason::no_free_slot, "it is the next; " + all,
            std::move(numbers)};
  if (free == 0) {
    const auto limit = full->running_max.value_or(0);
    numbers.set("node", full->name);
    numbers.set("running", full->running);
    numbers.set("running_max", limit);
    return {job_reason::node_limit,
            "it is the next; node '" + full->name + "' runs "
              + number(full->running) + " of " + number(limit) + " jobs",
            std::move(numbers)};
  }
  return {job_reason::being_assigned, "it is being assigned",
          std::move(numbers)};
}

} // namespace quaero
