#include "actors/log_collector.hpp"

#include "actors/mutation.hpp"
#include "definitions/json.hpp"
#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"

#include <caf/send.hpp>

#include <optional>
#include <utility>

namespace quaero {

namespace {

/// Queue entries that are looked at for jobs that ran when the daemon stopped.
constexpr size_t running_scan_max = 100'000;

std::string cut(std::string text, size_t bytes_max) {
  if (!is_utf8(text))
    text = to_utf8(text);
  if (text.size() <= bytes_max)
    return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  text.resize(end);
  return text + " [cut]";
}

/// A job of its own that starts for the first time has no lines yet: nobody
/// needs to look for the last one when it says something.
void note_new_owners(
  std::unordered_map<job_id, log_collector_state::counters>& owners,
  const commit& change) {
  for (size_t i = 0; i < change.events.size(); ++i) {
    const auto& x = change.events[i];
    const auto& place = change.places[i];
    if (!place.manager && x.status == job_status::running && x.attempt == 1
        && place.from == job_status::pending)
      owners.try_emplace(x.id);
  }
}

/// A planted mistake.
void drop_last_event(event_block& block) {
  block.events.pop_back();
  block.places.pop_back();
  block.event_numbers.pop_back();
}

} // namespace

log_collector_state::counters&
log_collector_state::counters_of(const job_id& owner) {
  auto [i, added] = owners.try_emplace(owner);
  if (added) {
    std::optional<log_entry> last;
    auto result = storage::read_last_log_entry(*db, owner, last);
    if (!result.ok())
      log::error("log.unreadable",
                 {{"owner", to_string(owner)}, {"error", result.message}});
    if (last)
      i->second = {last->index, last->totals};
  }
  return i->second;
}

std::shared_ptr<event_block> log_collector_state::number(commit& change) {
  note_new_owners(owners, change);
  auto block = std::make_shared<event_block>();
  block->lines.reserve(change.lines.size());
  for (auto& line : change.lines) {
    auto& where = counters_of(line.owner);
    line.message = cut(std::move(line.message), config.message_bytes_max);
    ++where.index;
    ++where.totals[static_cast<size_t>(line.level)];
    log_entry entry{std::move(line), where.index, ++totals.log_sequence,
                    where.totals};
    storage::put_log_entry(change.ops, entry);
    block->lines.push_back(std::move(entry));
  }
  change.lines.clear();
  block->events = std::move(change.events);
  block->places = std::move(change.places);
  block->spawned = std::move(change.spawned);
  block->totals = totals;
  return block;
}

void log_collector_state::add_totals(commit& change) {
  auto count = [this](job_status x) -> uint64_t& {
    return totals.jobs[static_cast<size_t>(x)];
  };
  for (const auto& x : change.made) {
    ++count(x.state);
    totals.roots += change.facets[x.facets].root;
  }
  for (size_t i = 0; i < change.events.size(); ++i) {
    --count(change.places[i].from);
    ++count(change.events[i].status);
  }
  for (const auto& x : change.removed) {
    --count(x.state);
    totals.roots -= change.facets[x.facets].root;
  }
  totals.documents += static_cast<uint64_t>(change.documents);
}

const storage::run_facets& log_collector_state::run_of(const job_id& manager) {
  static const storage::run_facets none;
  if (!manager)
    return none;
  if (auto i = runs.find(manager); i != runs.end())
    return i->second;
  queue_job record;
  auto result = storage::read_job(*db, manager, record);
  if (!result.ok()) {
    log::error("index.run_unreadable",
               {{"run", to_string(manager)}, {"error", result.message}});
    return none;
  }
  return runs.emplace(manager, storage::run_facets_of(record)).first->second;
}

void log_collector_state::index_jobs(commit& change) {
  if (change.facets.empty() && change.raised.empty())
    return;
  if (runs.size() > config.runs_kept_max)
    runs.clear();
  for (auto& [id, facets] : change.runs)
    runs.insert_or_assign(id, std::move(facets));
  std::vector<uint32_t> numbers;
  numbers.reserve(change.facets.size());
  for (const auto& x : change.facets)
    numbers.push_back(index->name(x, run_of(x.manager)));
  for (const auto& x : change.made)
    index->add(numbers[x.facets], x.id);
  for (size_t i = 0; i < change.events.size(); ++i) {
    const auto& x = change.events[i];
    const auto from = change.places[i].from;
    if (from == x.status)
      continue;
    index->move(numbers[change.event_facets[i]], x.id, from, x.status);
    if (x.reason != failure_reason::none)
      index->bury(x.reason, x.id);
    if (x.status == job_status::running)
      running.insert(x.id);
    else if (from == job_status::running)
      running.erase(x.id);
  }
  for (const auto& x : change.removed) {
    index->remove(numbers[x.facets], x.id, x.state);
    if (x.dead != failure_reason::none)
      index->raise(x.dead, x.id);
    running.erase(x.id);
  }
  for (const auto& x : change.raised)
    index->raise(x.dead, x.id);
  auto result = index->finish(change.ops);
  if (!result.ok())
    log::error("index.unreadable", {{"error", result.message}});
}

void log_collector_state::load_running() {
  auto left = totals.jobs[static_cast<size_t>(job_status::running)];
  auto look_at = [&](const job_id& id, bool is_step) {
    std::vector<job_event> events;
    auto result = storage::read_events(*db, id, events);
    if (!result.ok())
      log::error("index.job_unreadable",
                 {{"job", to_string(id)}, {"error", result.message}});
    else if (fold(events, is_step).status == job_status::running
             && running.insert(id).second && left != 0)
      --left;
  };
  std::vector<job_id> active;
  auto result = storage::read_active(*db, active);
  for (const auto& id : active) {
    look_at(id, false);
    std::vector<job_id> steps;
    if (result.ok())
      result = storage::read_children(*db, id, {}, SIZE_MAX, steps);
    for (const auto& step : steps)
      look_at(step, true);
  }
  // Jobs that ran are at the heads of their lanes.
  size_t seen = 0;
  if (result.ok() && left != 0)
    result = storage::read_queue(*db, [&](storage::queue_entry&& x) {
      if (left != 0 && ++seen <= running_scan_max)
        look_at(x.id, false);
    });
  if (!result.ok())
    log::error("index.unreadable", {{"error", result.message}});
}

caf::result<void> log_collector_state::on_commit(commit_ptr change) {
  add_totals(*change);
  index->stored(indexed->load());
  index_jobs(*change);
  auto block = number(*change);
  auto numbered = streams.number(*block, change->ops);
  if (!numbered.ok()) {
    // Any other number would be a lie to those who follow the stream.
    const auto why = make_error(ec::storage_failed, numbered.message);
    self->quit(why);
    return why;
  }
  storage::put_totals(change->ops, totals);
  if (mutated(mutation::event_not_published) && block->events.size() > 1)
    drop_last_event(*block);
  // Told by who stores it: a way back through here would cost a thread's wake.
  change->stored = [to = hub, n = index->finished(), done = indexed, block] {
    kill_point(kill_at::collector_after_commit);
    done->store(n);
    if (!block->events.empty() || !block->lines.empty()
        || !block->spawned.empty())
      caf::anon_send(to, atom::publish_v, event_block_ptr{block});
  };
  kill_point(kill_at::collector_before_store);
  if (!mutated(mutation::reply_before_store))
    return self->delegate(store, atom::commit_v, std::move(change));
  auto reply = self->make_response_promise<void>();
  acknowledge(reply);
  self->send(store, atom::commit_v, std::move(change));
  return reply;
}

actor_status log_collector_state::on_status() {
  actor_status out{name,
                   self->mailbox().size(),
                   {{"owners", static_cast<int64_t>(owners.size())},
                    {"running_jobs", static_cast<int64_t>(running.size())},
                    {"lines", static_cast<int64_t>(totals.log_sequence)},
                    {"streams", static_cast<int64_t>(streams.size())},
                    {"events", static_cast<int64_t>(streams.events())}}};
  storage::job_index_writer::reason_counts dead;
  if (auto result = index->dead_letters(dead); !result.ok())
    log::error("index.unreadable", {{"error", result.message}});
  for (auto why : all_failure_reasons())
    out.numbers.emplace_back(
      "dead_" + to_string(why),
      static_cast<int64_t>(dead[static_cast<size_t>(why)]));
  return out;
}

log_collector_actor::behavior_type
log_collector(log_collector_actor::stateful_pointer<log_collector_state> self,
              log_collector_config config,
              std::shared_ptr<const storage::store> db, store_actor store,
              event_sink_actor hub) {
  auto& st = self->state;
  auto result = storage::read_totals(*db, st.totals);
  if (result.ok())
    result = st.streams.open(config.streams, db);
  st.config = config;
  st.db = std::move(db);
  if (config.message_bytes_max == 0 || config.streams.events_kept_max == 0
      || config.index.counts_kept_max == 0 || config.runs_kept_max == 0
      || !result.ok()) {
    self->quit(
      make_error(ec::invalid_config, "log collector: " + result.message));
    return log_collector_actor::behavior_type::make_empty_behavior();
  }
  st.load_running();
  st.index = std::make_unique<storage::job_index_writer>(*st.db, config.index);
  st.store = std::move(store);
  st.hub = std::move(hub);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::commit, commit_ptr& x) {
      return self->state.on_commit(std::move(x));
    },
    [self](atom::forget, const job_id& owner) {
      self->state.owners.erase(owner);
      self->state.streams.forget(owner);
    },
    [self](atom::stats) { return self->state.totals; },
    [self](atom::list) {
      const auto& xs = self->state.running;
      return id_list{{xs.begin(), xs.end()}};
    },
  };
}

} // namespace quaero
