#include "actors/log_collector.hpp"

#include "actors/deadlines.hpp"
#include "definitions/json.hpp"
#include "definitions/log.hpp"

#include <optional>
#include <utility>

namespace quaero {

namespace {

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
  count(job_status::pending) += change.created;
  for (size_t i = 0; i < change.events.size(); ++i) {
    --count(change.places[i].from);
    ++count(change.events[i].status);
  }
  totals.roots += change.roots;
  totals.documents += static_cast<uint64_t>(change.documents);
}

ack_promise log_collector_state::on_commit(commit_ptr change) {
  auto reply = self->make_response_promise<void>();
  add_totals(*change);
  auto block = number(*change);
  auto numbered = streams.number(*block, change->ops);
  if (!numbered.ok()) {
    // Any other number would be a lie to those who follow the stream.
    const auto why = make_error(ec::storage_failed, numbered.message);
    reply.deliver(why);
    self->quit(why);
    return reply;
  }
  storage::put_totals(change->ops, totals);
  self->request(store, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, block]() mutable {
        acknowledge(reply);
        if (!block->events.empty() || !block->lines.empty()
            || !block->spawned.empty())
          self->send(hub, atom::publish_v, event_block_ptr{std::move(block)});
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

actor_status log_collector_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"owners", static_cast<int64_t>(owners.size())},
           {"lines", static_cast<int64_t>(totals.log_sequence)},
           {"streams", static_cast<int64_t>(streams.size())},
           {"events", static_cast<int64_t>(streams.events())}}};
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
  if (config.message_bytes_max == 0 || config.streams.events_kept_max == 0
      || !result.ok()) {
    self->quit(
      make_error(ec::invalid_config, "log collector: " + result.message));
    return log_collector_actor::behavior_type::make_empty_behavior();
  }
  st.config = config;
  st.db = std::move(db);
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
  };
}

} // namespace quaero
