#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <vector>

namespace quaero {

struct event_hub_config {
  size_t blocks_max = 4096;       ///< > 0; blocks that are remembered.
  size_t bytes_max = 16ull << 20; ///< Of them; the newest one always is.
  size_t answer_blocks_max = 64;  ///< > 0; in one answer.
};

/// Roughly what a block holds in memory.
size_t bytes_of(const event_block& x);

/// Who wants to hear, and what was said last.
struct event_hub_state {
  static constexpr const char* name = "event-hub";

  using promise = caf::typed_response_promise<recent_blocks>;

  explicit event_hub_state(event_hub_actor::pointer ptr) : self{ptr} {}

  struct remembered {
    event_block_ptr block;
    size_t bytes = 0;
  };

  event_hub_actor::pointer self;
  event_hub_config config;
  std::vector<event_sink_actor> subscribers;
  std::deque<remembered> recent; ///< The last one has the number `newest`.
  std::vector<promise> waiting;  ///< For the next block.
  uint64_t newest = 0;           ///< Blocks so far.
  size_t bytes = 0;              ///< Of `recent`.

  void on_publish(const event_block_ptr& block);
  void on_subscribe(event_sink_actor sink);
  caf::result<recent_blocks> on_get(uint64_t after);
  recent_blocks on_events(const job_id& run, uint64_t after,
                          uint64_t since) const;
  void on_down(const caf::down_msg& down);
  actor_status on_status() const;

private:
  uint64_t oldest() const { return newest - recent.size() + 1; }
  recent_blocks behind(uint64_t after) const;
};

/// Passes each block to every subscriber, in the order of arrival, without a
/// copy. A subscriber that ends is forgotten; one that subscribes twice counts
/// once. A subscriber must take blocks as fast as they come; who cannot promise
/// that asks for blocks instead, and asks again when it is done with them: what
/// it is behind is then in the bounded memory of the hub, or in the database.
/// Blocks are numbered from 1 as they arrive.
/// Bounds: `config`; one promise for each who waits.
event_hub_actor::behavior_type
event_hub(event_hub_actor::stateful_pointer<event_hub_state> self,
          event_hub_config config);

} // namespace quaero
