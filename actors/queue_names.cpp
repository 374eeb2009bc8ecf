#include "actors/queue.hpp"

#include <caf/result.hpp>

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

constexpr std::string_view default_queue = "default";

caf::error no_queue(const std::string& name) {
  return make_error(ec::not_found, "no queue '" + name + "'");
}

/// What is wrong with a change, or "".
std::string rule_broken(const queue_change& x) {
  if (!is_queue_name(x.name))
    return "a queue's name " + std::string{queue_name_rule};
  if (x.running_max && *x.running_max == uint64_t{0})
    return "running_max must be at least 1; pause the queue to stop it";
  if (x.length_max && *x.length_max == uint64_t{0})
    return "length_max must be at least 1";
  if (x.key_running_max && *x.key_running_max == uint64_t{0})
    return "key_running_max must be at least 1";
  if (x.rate_max && *x.rate_max
      && (**x.rate_max == 0 || **x.rate_max > queue_rate_max))
    return "rate_max must be from 1 to " + std::to_string(queue_rate_max);
  if (x.rate_period
      && (x.rate_period->count() < 1 || *x.rate_period > queue_rate_period_max))
    return "rate_period must be from 1ms to 1h";
  return {};
}

std::string number(uint64_t x) {
  return std::to_string(x);
}

} // namespace

// -- lanes --------------------------------------------------------------------

type_lanes& queue_state::type_of(const std::string& type) {
  auto [i, added] = types.try_emplace(type);
  if (added) {
    i->second.name = type;
    i->second.meter = &config.meter->type_of(type);
    type_turns.push_back(&i->second);
  }
  return i->second;
}

lane_set& queue_state::lanes_of(const std::string& type,
                                const std::string& queue,
                                const std::vector<std::string>& tags) {
  auto needs = needs_of(tags);
  if (last_lane != nullptr && last_lane->type->name == type
      && last_lane->queue->name == queue && last_lane->needs == needs)
    return *last_lane;
  auto& where = type_of(type);
  auto [i, added] = where.sets.try_emplace({queue, needs});
  auto& lanes = i->second;
  if (added) {
    auto& named = queues[queue];
    named.name = queue;
    named.lanes.push_back(&lanes);
    lanes.type = &where;
    lanes.queue = &named;
    lanes.needs = std::move(needs);
    lanes.meter = &config.meter->lane_of(queue, type);
  }
  last_lane = &lanes;
  return lanes;
}

void queue_state::refresh(lane_set& x) const {
  auto& open = x.type->open;
  if (x.open)
    open.erase(&x);
  x.open = x.set_head(config.priority_aging);
  if (x.open)
    open.insert(&x);
}

void queue_state::refresh(named_queue& x) const {
  for (auto* lanes : x.lanes)
    refresh(*lanes);
}

/// Forgets queues that have neither jobs nor settings.
void queue_state::forget_idle_queues() {
  last_lane = nullptr;
  for (auto i = queues.begin(); i != queues.end();) {
    auto& queue = i->second;
    if (queue.live != 0 || queue.stored || queue.name == default_queue) {
      ++i;
      continue;
    }
    for (auto* lanes : queue.lanes)
      lanes->type->sets.erase({queue.name, lanes->needs});
    i = queues.erase(i);
  }
}

/// Whether these jobs may come in, as far as their queues say.
caf::error queue_state::check_queues(const std::vector<queue_job>& wanted) {
  std::map<std::string_view, uint64_t> counts;
  const std::string* last = nullptr;
  uint64_t* count = nullptr;
  for (const auto& x : wanted) {
    if (last == nullptr || x.queue != *last) {
      last = &x.queue;
      count = &counts[x.queue];
    }
    ++*count;
  }
  for (const auto& [queue, more] : counts) {
    auto i = queues.find(queue);
    if (i == queues.end() && !is_queue_name(queue))
      return make_error(ec::invalid_argument,
                        "a queue's name " + std::string{queue_name_rule});
    if (i == queues.end())
      continue;
    const auto& limit = i->second.settings.length_max;
    if (limit && i->second.live + more > *limit)
      return make_error(ec::limit_reached, "the queue '" + i->first
                                             + "' is full: its length_max is "
                                             + number(*limit));
  }
  auto missing = [&] {
    return static_cast<size_t>(
      std::count_if(counts.begin(), counts.end(), [&](const auto& x) {
        return queues.find(x.first) == queues.end();
      }));
  };
  return check_room(missing);
}

/// Whether the queues that are `missing` fit.
caf::error queue_state::check_room(const std::function<size_t()>& missing) {
  auto fits = [&] {
    const auto more = missing();
    return more == 0 || queues.size() + more <= config.queues_max;
  };
  if (fits())
    return {};
  forget_idle_queues();
  return fits() ? caf::error{}
                : make_error(ec::limit_reached,
                             "there are too many queues: queues_max is "
                               + number(config.queues_max));
}

// -- what is asked and changed ------------------------------------------------

queue_info queue_state::info_of(const named_queue& x) {
  queue_info out{x.name, x.settings, x.ready, x.delayed, x.running};
  for (const auto* lanes : x.lanes)
    for (const auto& jobs : lanes->ready)
      jobs.for_each([&](const auto& group) {
        const auto at = group.jobs.front()->at;
        if (out.oldest == timestamp{} || at < out.oldest)
          out.oldest = at;
      });
  return out;
}

std::vector<queue_info> queue_state::on_queues() const {
  std::vector<queue_info> out;
  out.reserve(queues.size());
  for (const auto& [name_, x] : queues)
    out.push_back(info_of(x));
  return out;
}

caf::result<queue_info> queue_state::on_queue(const std::string& which) const {
  auto i = queues.find(which);
  if (i == queues.end())
    return no_queue(which);
  return info_of(i->second);
}

caf::typed_response_promise<queue_info>
queue_state::on_change(const queue_change& x) {
  auto reply = self->make_response_promise<queue_info>();
  auto broken = rule_broken(x);
  auto i = queues.find(x.name);
  const bool known = i != queues.end();
  if (!broken.empty())
    reply.deliver(make_error(ec::invalid_argument, std::move(broken)));
  else if (!known && !x.create)
    reply.deliver(no_queue(x.name));
  else if (auto why = check_room([&] { return size_t{!known}; }))
    reply.deliver(std::move(why));
  else
    change(x, reply);
  return reply;
}

void queue_state::change(const queue_change& x,
                         caf::typed_response_promise<queue_info> reply) {
  auto& queue = queues[x.name];
  queue.name = x.name;
  auto& now = queue.settings;
  now.paused = x.paused.value_or(now.paused);
  now.running_max = x.running_max.value_or(now.running_max);
  now.length_max = x.length_max.value_or(now.length_max);
  now.key_running_max = x.key_running_max.value_or(now.key_running_max);
  now.rate_max = x.rate_max.value_or(now.rate_max);
  now.rate_period = x.rate_period.value_or(now.rate_period);
  if (!now.rate_max) // it means nothing alone, and no restart would find it
    now.rate_period = queue_settings{}.rate_period;
  const bool plain = now == queue_settings{};
  auto& ops = pending.change->ops;
  if (plain && queue.stored)
    storage::remove_queue_settings(ops, x.name);
  else if (!plain)
    storage::put_queue_settings(ops, x.name, now);
  queue.stored = !plain;
  // What is being asked for holds at once; the answer waits for the disk.
  for (auto& [key, gate] : queue.gates)
    open_gate(gate, room_of(queue, gate));
  set_rate(queue);
  refresh(queue);
  pending.need(durability::group);
  pending.answers.push_back([reply, info = info_of(queue)]() mutable {
    reply.deliver(std::move(info));
  });
  dispatch();
  arm_flush();
}

// -- why a job does not run ---------------------------------------------------

/// Jobs that go first: those of its own run, as many of each other run in its
/// lane because runs take turns (one more of those whose turn comes sooner),
/// and what is due before in other lanes.
uint64_t queue_state::jobs_before(const queued_job& x) const {
  const auto due = due_of(x);
  const auto& run = scopes[x.scope].manager;
  const auto& mine = x.lane->ready[x.priority];
  const auto most = config.position_max + 1;
  auto count = [&](const lane_jobs& all) {
    uint64_t out = 0;
    for (const auto* other = all.front();
         other != nullptr && other != &x && due_of(*other) < due && out < most;
         other = lane_jobs::behind(*other))
      ++out;
    return out;
  };
  uint64_t own = 0;
  mine.for_each([&](const auto& group) {
    if (group.run == run)
      own = count(group.jobs);
  });
  uint64_t out = own;
  bool sooner = true;
  mine.for_each([&](const auto& group) {
    if (group.run == run)
      sooner = false;
    else if (out < most)
      out += std::min(group.jobs.size(), own + uint64_t{sooner});
  });
  for (const auto& [queue, lanes] : x.lane->type->sets)
    for (const auto& lane : lanes.ready)
      if (lanes.queue->open() && &lane != &mine)
        lane.for_each([&](const auto& group) {
          if (out < most)
            out += count(group.jobs);
        });
  return out;
}

explanation queue_state::explain_ready(const queued_job& x) const {
  const auto& queue = *x.lane->queue;
  auto named = value::make_object({{"queue", queue.name}});
  if (queue.settings.paused)
    return {job_reason::queue_paused,
            "its queue '" + queue.name + "' is paused", std::move(named)};
  if (queue.rate_closed)
    return explain_rate(queue);
  if (!queue.open()) {
    const auto limit = *queue.settings.running_max;
    named.set("running", queue.running);
    named.set("running_max", limit);
    return {job_reason::queue_limit,
            "its queue '" + queue.name + "' runs " + number(queue.running)
              + " of " + number(limit) + " jobs",
            std::move(named)};
  }
  return explain_slots(*x.lane, jobs_before(x), config.position_max);
}

caf::result<explanation> queue_state::on_explain(const job_id& id) const {
  const auto* found = jobs.find(id);
  if (found == nullptr)
    return make_error(ec::not_found, "the job neither waits nor runs");
  const auto& x = *found;
  if (x.place == queue_place::arriving)
    return explanation{job_reason::being_stored, "it is being stored"};
  if (is_cancelled(x) || x.place == queue_place::ending)
    return explanation{job_reason::cancelling, "it is being stopped"};
  if (x.place == queue_place::leased)
    return explanation{job_reason::running,
                       "attempt " + number(x.body->attempt)
                         + " is with a worker",
                       value::make_object({{"attempt", x.body->attempt},
                                           {"epoch", x.body->epoch},
                                           {"since", to_rfc3339(x.at)}})};
  if (x.place == queue_place::reported)
    return explanation{job_reason::being_stored, "its outcome is being stored",
                       value::make_object({{"attempt", x.body->attempt}})};
  if (drained)
    return explanation{job_reason::daemon_draining,
                       "the daemon stops; the job waits for its next start"};
  if (x.place == queue_place::loading)
    return explanation{job_reason::being_assigned, "its record is being read"};
  if (is_held(x))
    return explain_gate(x);
  if (x.place != queue_place::delayed)
    return explain_ready(x);
  const auto until = to_rfc3339(x.at);
  auto values = value::make_object({{"until", until}});
  if (x.snoozed)
    return explanation{job_reason::snoozed_until,
                       "its worker wants it to wait until " + until,
                       std::move(values)};
  return explanation{x.again ? job_reason::retry_at : job_reason::delayed_until,
                     x.again ? "its next attempt is due at " + until
                             : "it waits until " + until,
                     std::move(values)};
}

} // namespace quaero
