#pragma once

#include "actors/actors.hpp"

/// Interfaces of who may use the API and what is remembered of it; see
/// actors.hpp.
namespace quaero {

/// A TOKEN WATCHER hears which tokens there are.
using token_watcher_actor = caf::typed_actor<
  // All of them, after a change.
  caf::reacts_to<atom::put, token_table_ptr>>;

/// The TOKEN STORE: who may use the API.
using token_store_actor = status_actor::extend<
  caf::replies_to<atom::list>::with<token_table_ptr>,
  // Makes a token; its secret is in the answer only. ec::invalid_argument,
  // ec::conflict, ec::limit_reached.
  caf::replies_to<atom::create, new_token>::with<created_token>,
  // Revokes a token; watchers know when this is answered. ec::not_found,
  // ec::conflict.
  caf::replies_to<atom::remove, job_id>::with<api_token>,
  // Tokens were used.
  caf::reacts_to<atom::visit, token_uses>,
  // All tokens now, and to the watcher after each change from now on.
  caf::replies_to<atom::subscribe, token_watcher_actor>::with<token_table_ptr>>;

/// The AUDIT LOG: who did what, and who was refused.
using audit_log_actor = status_actor::extend<
  // Numbers and stores these.
  caf::reacts_to<atom::put, audit_block>,
  caf::replies_to<atom::list, audit_query>::with<audit_page>>;

} // namespace quaero
