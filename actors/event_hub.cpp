#include "actors/event_hub.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

void event_hub_state::on_publish(const event_block_ptr& block) {
  ++blocks;
  for (const auto& sink : subscribers)
    self->send(sink, atom::publish_v, block);
}

void event_hub_state::on_subscribe(event_sink_actor sink) {
  if (std::find(subscribers.begin(), subscribers.end(), sink)
      != subscribers.end())
    return;
  self->monitor(sink);
  subscribers.push_back(std::move(sink));
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
           {"blocks", blocks}}};
}

event_hub_actor::behavior_type
event_hub(event_hub_actor::stateful_pointer<event_hub_state> self) {
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  return {
    [self](atom::publish, const event_block_ptr& x) {
      self->state.on_publish(x);
    },
    [self](atom::subscribe, event_sink_actor& sink) {
      self->state.on_subscribe(std::move(sink));
    },
    [self](atom::status) { return self->state.on_status(); },
  };
}

} // namespace quaero
