#include "actors/scheduler.hpp"

#include "actors/deadlines.hpp"
#include "actors/mutation.hpp"
#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"
#include "storage/schedule_tables.hpp"

#include <caf/sec.hpp>

#include <algorithm>

namespace quaero {

namespace {

bool daemon_ends(const caf::error& why) {
  return why == caf::sec::request_receiver_down || why == caf::exit_reason::kill
         || why == caf::error{ec::shutting_down};
}

/// Word of it is on its way.
bool definition_changed(const caf::error& why) {
  return why == caf::error{ec::not_found} || why == caf::error{ec::disabled};
}

} // namespace

// -- tools --------------------------------------------------------------------

void scheduler_state::unlist(const std::string& id, entry& x) {
  if (x.due)
    order.erase({*x.due, id});
  x.due.reset();
}

scheduler_state::handling scheduler_state::begin(const std::string& id,
                                                 entry& x, run_cause cause,
                                                 bool on_time) {
  ++in_flight;
  x.in_hand = ++last_number;
  x.changed = false;
  return {id, x.in_hand, cause, on_time};
}

/// @returns the entry, or nullptr if it is not the same definition any more.
scheduler_state::entry* scheduler_state::end(const handling& what) {
  --in_flight;
  const auto i = entries.find(what.definition_id);
  if (i == entries.end() || i->second.in_hand != what.number)
    return nullptr;
  i->second.in_hand = 0;
  return &i->second;
}

job_id scheduler_state::run_of(const std::string& id) const {
  const auto i = going.find(id);
  return i == going.end() ? job_id{} : i->second.back();
}

schedule_view scheduler_state::view(const std::string& id) const {
  schedule_view out;
  out.definition_id = id;
  if (auto i = records.find(id); i != records.end())
    out.record = i->second;
  if (auto i = entries.find(id); i != entries.end() && i->second.when) {
    out.counted = i->second.counted;
    out.owed = {i->second.owed.begin(), i->second.owed.end()};
  } else {
    out.record.waiting = {};
  }
  return out;
}

// -- messages -----------------------------------------------------------------

void scheduler_state::on_watch(const std::string& id, const job_id& run,
                               bool goes_on) {
  if (goes_on) {
    going[id].push_back(run);
    return;
  }
  if (auto i = going.find(id); i != going.end()) {
    std::erase(i->second, run);
    if (i->second.empty())
      going.erase(i);
  }
  auto i = entries.find(id);
  if (i == entries.end() || !std::exchange(i->second.blocked, false))
    return;
  plan(id);
  fire_due();
}

void scheduler_state::on_put(const job_definition& x) {
  if (!recovered)
    return; // it will be read
  const auto i = entries.find(x.id);
  const auto in_hand = i == entries.end() ? 0 : i->second.in_hand;
  if (i != entries.end())
    unlist(x.id, i->second);
  // It counts from its change: what waits is not of this definition any more.
  if (auto r = records.find(x.id); r != records.end())
    r->second.waiting = {};
  if (take(x)) {
    auto& now = entries.at(x.id);
    now.in_hand = in_hand;
    now.changed = in_hand != 0;
    plan(x.id);
    fire_due();
  }
}

void scheduler_state::on_remove(const std::string& id) {
  if (auto i = entries.find(id); i != entries.end()) {
    unlist(id, i->second);
    entries.erase(i);
  }
  records.erase(id);
}

void scheduler_state::on_recover() {
  if (recovered)
    return;
  std::vector<job_definition> all;
  auto result = storage::read_definitions(*db, all);
  if (result.ok())
    result = storage::read_schedules(*db, records);
  if (!result.ok()) {
    log::error("schedules.unreadable", {{"error", result.message}});
    return;
  }
  recovered = true;
  const auto now = clock->now();
  for (const auto& x : all) {
    // What waits was there before the last change, or is none of its words.
    if (auto r = records.find(x.id);
        r != records.end()
        && (r->second.waiting <= x.updated_at || x.overlap != overlap::queue))
      r->second.waiting = {};
    const bool fires = take(x);
    if (fires && mutated(mutation::missed_ticks_forgotten))
      entries.at(x.id).counted = now;
    if (x.enabled && x.auto_start)
      entries[x.id].auto_start = true;
    else if (!fires)
      continue;
    auto& one = entries.at(x.id);
    if (one.when) {
      const auto next = one.when->next(one.counted, one.zone);
      if (next && *next <= now)
        miss(x.id, one, now);
    }
    plan(x.id);
  }
  log::info("scheduler.started", {{"schedules", uint64_t{entries.size()}}});
  fire_due();
}

void scheduler_state::on_wake(uint64_t number) {
  ++wakes;
  if (number != timer)
    return;
  armed_for.reset();
  fire_due();
}

schedule_list scheduler_state::on_list() const {
  schedule_list out;
  out.firing = recovered && !draining;
  for (const auto& [id, x] : entries)
    out.schedules.push_back(view(id));
  for (const auto& [id, x] : records)
    if (entries.count(id) == 0)
      out.schedules.push_back(view(id));
  return out;
}

actor_status scheduler_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"schedules", static_cast<int64_t>(entries.size())},
           {"in_flight", static_cast<int64_t>(in_flight)},
           {"wakes", wakes},
           {"firing", recovered && !draining ? 1 : 0}}};
}

// -- the way through ----------------------------------------------------------

/// Makes the entry of a definition anew, or takes it away.
/// @returns whether it fires by a schedule.
bool scheduler_state::take(const job_definition& x) {
  auto when = cron_schedule::parse(x.schedule);
  const auto zone = find_time_zone(x.time_zone);
  if (!x.enabled || x.schedule.empty() || !when || !zone) {
    entries.erase(x.id);
    return false;
  }
  entry now;
  now.when = when;
  now.zone = *zone;
  now.missed = x.missed;
  now.overlap = x.overlap;
  now.counted = std::max(records[x.id].last_tick, x.updated_at);
  if (now.counted > clock->now() + config.look_again)
    log::warn("schedule.ahead_of_clock",
              {{"definition", x.id}, {"fires_after", to_rfc3339(now.counted)}});
  entries.insert_or_assign(x.id, std::move(now));
  return true;
}

/// Gives the entry its place in the order.
void scheduler_state::plan(const std::string& id) {
  const auto i = entries.find(id);
  auto& x = i->second;
  unlist(id, x);
  if (x.in_hand != 0)
    return;
  const auto r = records.find(id);
  const bool waits
    = !x.owed.empty()
      || (r != records.end() && r->second.waiting != timestamp{});
  if (x.auto_start || (waits && !x.blocked))
    x.due = timestamp{};
  else if (x.when)
    x.due = x.when->next(x.counted, x.zone);
  else
    entries.erase(i);
  if (auto y = entries.find(id); y != entries.end() && y->second.due)
    order.emplace(*y->second.due, id);
}

void scheduler_state::fire_due() {
  while (!draining && in_flight < config.starts_max && !order.empty()
         && order.begin()->first <= clock->now()) {
    const auto id = order.begin()->second;
    auto& x = entries.at(id);
    unlist(id, x);
    act(id, x);
  }
  arm();
}

void scheduler_state::arm() {
  if (draining || order.empty() || in_flight >= config.starts_max)
    return;
  const auto now = clock->now();
  const auto at = std::min(order.begin()->first, now + config.look_again);
  if (armed_for && *armed_for <= at)
    return;
  armed_for = at;
  self->delayed_send(self, std::max(at - now, std::chrono::nanoseconds{0}),
                     atom::wake_v, ++timer);
}

/// Does the one thing whose turn it is.
void scheduler_state::act(const std::string& id, entry& x) {
  const auto waiting = records[id].waiting;
  if (x.auto_start)
    return start(id, x, {run_trigger::auto_start, {}}, false);
  if (!x.blocked && waiting != timestamp{})
    return start(id, x, {run_trigger::schedule, waiting}, false);
  if (!x.blocked && !x.owed.empty())
    return start(id, x, {run_trigger::schedule, x.owed.front()}, false);
  const auto now = clock->now();
  const auto next
    = x.when ? x.when->next(x.counted, x.zone) : std::optional<timestamp>{};
  if (next && *next <= now) {
    if (now - *next <= config.look_again)
      return tick(id, x, *next);
    miss(id, x, now);
  }
  plan(id);
}

/// A moment has come.
void scheduler_state::tick(const std::string& id, entry& x, timestamp at) {
  x.counted = at;
  // Behind those that are owed: what is stored says that all before is handled.
  if (!x.owed.empty()) {
    owe(id, x, {at});
    plan(id);
    return;
  }
  auto record = records[id];
  if (record.waiting == timestamp{}) {
    start(id, x, {run_trigger::schedule, at}, true);
    return;
  }
  record.last_tick = at;
  record.outcome = tick_outcome::skipped;
  record.other = run_of(id);
  record.error.clear();
  store(begin(id, x, {run_trigger::schedule, at}, true), std::move(record));
}

/// Moments have gone by unseen.
void scheduler_state::miss(const std::string& id, entry& x, timestamp now) {
  std::vector<timestamp> ticks;
  if (x.missed == missed_runs::run_once)
    ticks = x.when->last(x.counted, now, 1, x.zone);
  else if (x.missed == missed_runs::run_all)
    ticks = x.when->last(x.counted, now, config.missed_max + 1, x.zone);
  log::info("schedule.missed", {{"definition", id},
                                {"after", to_rfc3339(x.counted)},
                                {"policy", to_string(x.missed)}});
  x.counted = now;
  owe(id, x, std::move(ticks));
}

void scheduler_state::owe(const std::string& id, entry& x,
                          std::vector<timestamp> ticks) {
  x.owed.insert(x.owed.end(), ticks.begin(), ticks.end());
  const auto limit
    = x.missed == missed_runs::run_all ? config.missed_max : size_t{1};
  if (x.owed.size() <= limit)
    return;
  if (x.missed == missed_runs::run_all)
    log::warn("schedule.missed_too_many",
              {{"definition", id},
               {"missed_max", uint64_t{limit}},
               {"skipped_before", to_rfc3339(x.owed[x.owed.size() - limit])}});
  x.owed.erase(x.owed.begin(), x.owed.end() - static_cast<ptrdiff_t>(limit));
}

void scheduler_state::start(const std::string& id, entry& x, run_cause cause,
                            bool on_time) {
  auto record = records[id];
  run_request wanted;
  wanted.definition_id = id;
  wanted.cause = cause;
  wanted.beside = on_time && x.overlap == overlap::allow;
  if (cause.trigger == run_trigger::schedule) {
    if (cause.scheduled_for >= record.last_tick) {
      record.last_tick = cause.scheduled_for;
      record.outcome = tick_outcome::started;
      record.other = {};
      record.error.clear();
    }
    record.run_for = cause.scheduled_for;
    if (record.waiting == cause.scheduled_for)
      record.waiting = {};
    if (!mutated(mutation::tick_not_stored))
      wanted.hook.also
        = [id, record](storage::write_batch& out, const run_started& y) {
            auto now = record;
            now.run = y.manager;
            storage::put_schedule(out, id, now);
          };
  }
  const auto what = begin(id, x, cause, on_time);
  kill_point(kill_at::schedule_before_tick);
  self->request(dispatcher, store_deadline, atom::execute_v, std::move(wanted))
    .then(
      [this, what, record](const run_started& y) mutable {
        if (what.cause.trigger == run_trigger::schedule)
          record.run = y.manager;
        log::info("schedule.fired",
                  {{"definition", what.definition_id},
                   {"run", to_string(y.manager)},
                   {"trigger", to_string(what.cause.trigger)},
                   {"scheduled_for", to_rfc3339(what.cause.scheduled_for)}});
        started(what, record);
      },
      [this, what](const caf::error& why) { refused(what, why); });
}

void scheduler_state::started(const handling& what,
                              const schedule_record& record) {
  auto* x = end(what);
  if (auto r = records.find(what.definition_id); r != records.end())
    r->second = record;
  if (x != nullptr) {
    if (x->changed) // what waited was dropped
      records[what.definition_id].waiting = {};
    else if (!x->owed.empty() && x->owed.front() == what.cause.scheduled_for)
      x->owed.pop_front();
    x->auto_start = false;
    plan(what.definition_id);
  }
  fire_due();
}

void scheduler_state::refused(const handling& what, const caf::error& why) {
  auto* x = end(what);
  if (daemon_ends(why))
    return; // the next one finds it missed
  if (x != nullptr && !x->changed
      && what.cause.trigger == run_trigger::schedule) {
    refused_tick(what, *x, why);
    fire_due();
    return;
  }
  if (what.cause.trigger == run_trigger::auto_start)
    log::info("schedule.not_started", {{"definition", what.definition_id},
                                       {"trigger", "auto_start"},
                                       {"reason", message_of(why)}});
  if (x != nullptr) {
    x->auto_start = false;
    plan(what.definition_id);
  }
  fire_due();
}

/// A tick that makes no run now.
void scheduler_state::refused_tick(const handling& what, entry& x,
                                   const caf::error& why) {
  const auto& id = what.definition_id;
  const auto at = what.cause.scheduled_for;
  const bool conflict = why == caf::error{ec::conflict};
  if (conflict && !what.on_time) {
    x.blocked = true;
    plan(id);
    return;
  }
  auto record = records[id];
  if (record.waiting == at)
    record.waiting = {};
  if (definition_changed(why)) {
    if (!x.owed.empty() && x.owed.front() == at)
      x.owed.pop_front();
    records[id] = record;
    plan(id);
    return;
  }
  record.last_tick = std::max(record.last_tick, at);
  record.other = conflict ? run_of(id) : job_id{};
  record.error = conflict ? std::string{} : message_of(why);
  record.outcome = conflict ? tick_outcome::skipped : tick_outcome::failed;
  if (conflict && x.overlap == overlap::queue) {
    record.outcome = tick_outcome::waiting;
    record.waiting = at;
    x.blocked = true;
  }
  store(begin(id, x, what.cause, what.on_time), std::move(record));
}

/// Stores what became of a tick that made no run.
void scheduler_state::store(const handling& what, schedule_record record) {
  auto change = std::make_shared<commit>();
  storage::put_schedule(change->ops, what.definition_id, record);
  kill_point(kill_at::schedule_before_tick);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, what, record] {
        const auto outcome = to_string(record.outcome);
        log::info("schedule.not_fired",
                  {{"definition", what.definition_id},
                   {"outcome", outcome},
                   {"scheduled_for", to_rfc3339(what.cause.scheduled_for)},
                   {"other", record.other ? to_string(record.other) : ""},
                   {"error", record.error}});
        started(what, record);
      },
      [this](caf::error& e) { self->quit(e); });
}

scheduler_impl::behavior_type
scheduler(scheduler_impl::stateful_pointer<scheduler_state> self,
          scheduler_config config, dispatcher_actor dispatcher,
          log_collector_actor collector,
          std::shared_ptr<const storage::store> db, const wall_clock* clock) {
  if (config.missed_max == 0 || config.starts_max == 0
      || config.look_again.count() <= 0) {
    self->quit(make_error(ec::invalid_config, "scheduler: a limit is 0"));
    return scheduler_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = config;
  st.dispatcher = std::move(dispatcher);
  st.collector = std::move(collector);
  st.db = std::move(db);
  st.clock = clock;
  self->send(st.dispatcher, atom::subscribe_v,
             caf::actor_cast<definition_watcher_actor>(self));
  return {
    [self](atom::watch, const std::string& x, const job_id& run, bool on) {
      self->state.on_watch(x, run, on);
    },
    [self](atom::put, const job_definition& x) { self->state.on_put(x); },
    [self](atom::remove, const std::string& x) { self->state.on_remove(x); },
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::list) { return self->state.on_list(); },
    [self](atom::recover) { self->state.on_recover(); },
    [self](atom::drain) { self->state.draining = true; },
    [self](atom::wake, uint64_t x) { self->state.on_wake(x); },
  };
}

} // namespace quaero
