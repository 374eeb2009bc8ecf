#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <vector>

namespace quaero {

/// Who wants to hear.
struct event_hub_state {
  static constexpr const char* name = "event-hub";

  explicit event_hub_state(event_hub_actor::pointer ptr) : self{ptr} {}

  event_hub_actor::pointer self;
  std::vector<event_sink_actor> subscribers;
  int64_t blocks = 0;

  void on_publish(const event_block_ptr& block);
  void on_subscribe(event_sink_actor sink);
  void on_down(const caf::down_msg& down);
  actor_status on_status() const;
};

/// Passes each block to every subscriber, in the order of arrival, without a
/// copy. A subscriber that ends is forgotten; one that subscribes twice counts
/// once. A subscriber must take blocks as fast as they come: who serves a slow
/// client bounds what it keeps for that client.
event_hub_actor::behavior_type
event_hub(event_hub_actor::stateful_pointer<event_hub_state> self);

} // namespace quaero
