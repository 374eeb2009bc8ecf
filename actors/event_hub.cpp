#include "actors/event_hub.hpp"

#include "actors/mutation.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// The numbers that a block has of one stream.
struct number_range {
  uint64_t first = UINT64_MAX;
  uint64_t last = 0;

  void add(uint64_t x) {
    first = std::min(first, x);
    last = std::max(last, x);
  }
};

number_range numbers_of(const event_block& x, const job_id& run) {
  number_range out;
  if (!run) {
    if (!x.events.empty() && x.first_event != 0)
      out = {x.first_event, x.first_event + x.events.size() - 1};
    return out;
  }
  for (size_t i = 0; i < x.line_numbers.size(); ++i)
    if (stream_of(x.lines[i].line) == run)
      out.add(x.line_numbers[i]);
  for (size_t i = 0; i < x.event_numbers.size(); ++i)
    if (stream_of(x.events[i], x.places[i]) == run)
      out.add(x.event_numbers[i]);
  return out;
}

} // namespace

size_t bytes_of(const event_block& x) {
  size_t out = sizeof(event_block);
  for (const auto& event : x.events)
    out += sizeof(job_event) + sizeof(event_place) + sizeof(uint64_t)
           + event.error.size() + event.result.size();
  for (const auto& entry : x.lines)
    out += sizeof(log_entry) + sizeof(uint64_t) + entry.line.message.size();
  for (const auto& run : x.progress)
    out += sizeof(run_progress) + run.steps.size() * sizeof(step_progress);
  return out + x.spawned.size() * sizeof(spawned_jobs);
}

void event_hub_state::on_publish(const event_block_ptr& block) {
  ++newest;
  for (const auto& sink : subscribers)
    self->send(sink, atom::publish_v, block);
  recent.push_back({block, bytes_of(*block)});
  bytes += recent.back().bytes;
  while (recent.size() > 1
         && (recent.size() > config.blocks_max || bytes > config.bytes_max)) {
    bytes -= recent.front().bytes;
    recent.pop_front();
  }
  for (auto& x : std::exchange(waiting, {}))
    x.deliver(behind(mutated(mutation::block_left_out) && newest % 16 == 0
                       ? newest
                       : newest - 1));
}

void event_hub_state::on_subscribe(event_sink_actor sink) {
  if (std::find(subscribers.begin(), subscribers.end(), sink)
      != subscribers.end())
    return;
  self->monitor(sink);
  subscribers.push_back(std::move(sink));
}

recent_blocks event_hub_state::behind(uint64_t after) const {
  recent_blocks out;
  out.newest = newest;
  out.complete = after + 1 >= oldest();
  const auto from = std::max(after + 1, oldest());
  out.first = from;
  for (auto i = from; i <= newest; ++i) {
    if (out.blocks.size() == config.answer_blocks_max)
      break;
    out.blocks.push_back(recent[i - oldest()].block);
  }
  return out;
}

caf::result<recent_blocks> event_hub_state::on_get(uint64_t after) {
  if (after == UINT64_MAX)
    return recent_blocks{{}, newest + 1, newest, true};
  if (after < newest)
    return behind(after);
  auto reply = self->make_response_promise<recent_blocks>();
  waiting.push_back(reply);
  return reply;
}

recent_blocks event_hub_state::on_events(const job_id& run, uint64_t after,
                                         uint64_t since) const {
  recent_blocks out;
  out.newest = newest;
  number_range all;
  for (const auto& x : recent) {
    const auto range = numbers_of(*x.block, run);
    all.first = std::min(all.first, range.first);
    all.last = std::max(all.last, range.last);
    if (range.last > after)
      out.blocks.push_back(x.block);
  }
  // Numbers have no gap, and what is remembered has none in time: so it has all
  // from its first number on. Who has seen more than there is must be told.
  out.complete = all.last == 0 ? since != UINT64_MAX && since + 1 >= oldest()
                               : all.first <= after + 1 && all.last >= after;
  if (!out.complete)
    out.blocks.clear();
  return out;
}

void event_hub_state::on_down(const caf::down_msg& down) {
  std::erase_if(subscribers, [&](const event_sink_actor& x) {
    return x.address() == down.source;
  });
}

actor_status event_hub_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"subscribers", static_cast<int64_t>(subscribers.size())},
           {"blocks", static_cast<int64_t>(newest)},
           {"recent_bytes", static_cast<int64_t>(bytes)}}};
}

event_hub_actor::behavior_type
event_hub(event_hub_actor::stateful_pointer<event_hub_state> self,
          event_hub_config config) {
  if (config.blocks_max == 0 || config.answer_blocks_max == 0) {
    self->quit(make_error(ec::invalid_config, "event hub: a limit is 0"));
    return event_hub_actor::behavior_type::make_empty_behavior();
  }
  self->state.config = config;
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  return {
    [self](atom::publish, const event_block_ptr& x) {
      self->state.on_publish(x);
    },
    [self](atom::subscribe, event_sink_actor& sink) {
      self->state.on_subscribe(std::move(sink));
    },
    [self](atom::get, uint64_t after) { return self->state.on_get(after); },
    [self](atom::events, const job_id& run, uint64_t after, uint64_t since) {
      return self->state.on_events(run, after, since);
    },
    [self](atom::status) { return self->state.on_status(); },
  };
}

} // namespace quaero
