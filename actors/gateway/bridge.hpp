#pragma once

#include <caf/actor_companion.hpp>
#include <caf/exit_reason.hpp>
#include <caf/extend.hpp>
#include <caf/mixin/requester.hpp>

namespace quaero {

/// The actor that asks on behalf of all requests. It has no thread and no
/// place in CAF's scheduler: its messages go to where on_enqueue() says.
class bridge : public caf::extend<caf::actor_companion,
                                  bridge>::with<caf::mixin::requester> {
public:
  explicit bridge(caf::actor_config& cfg) : extended_base{cfg} {}

  /// Ends: later messages are dropped, requests without an answer forgotten.
  /// Nobody may activate() it meanwhile.
  void leave() {
    on_enqueue(enqueue_handler{});
    cleanup(caf::exit_reason::normal, context());
  }
};

} // namespace quaero
