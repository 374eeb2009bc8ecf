#include "actors/census.hpp"

namespace quaero {

caf::typed_response_promise<actor_status> census_state::on_status() {
  status_gathering all{self->make_response_promise<actor_status>(),
                       {name, self->mailbox().size(), {}}};
  for (const auto& x : whom.upper)
    all.ask(self, x);
  for (const auto& x : whom.trees)
    all.ask_tree(self, x);
  for (const auto& x : whom.lower)
    all.ask(self, x);
  return all.finish();
}

status_actor::behavior_type
census(status_actor::stateful_pointer<census_state> self, census_actors whom) {
  self->state.whom = std::move(whom);
  return {
    [self](atom::status) { return self->state.on_status(); },
  };
}

} // namespace quaero
