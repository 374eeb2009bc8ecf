#pragma once

#include "actors/access_actors.hpp"
#include "actors/ack.hpp"
#include "actors/token_secret.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct token_store_config {
  size_t tokens_max = 1000;   ///< > 0; revoked ones make room for new ones.
  size_t name_bytes_max = 64; ///< > 0.
  random_source random = system_random;
};

/// The tokens, and who wants to know of them.
struct token_store_state {
  static constexpr const char* name = "token-store";

  explicit token_store_state(token_store_actor::pointer ptr) : self{ptr} {}

  token_store_actor::pointer self;
  token_store_config config;
  store_actor store;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::vector<api_token> tokens;    ///< The oldest first.
  std::vector<std::string> pending; ///< Names whose commit is under way.
  std::vector<token_watcher_actor> watchers;

  token_table_ptr table() const;
  caf::typed_response_promise<created_token> on_create(const new_token& wanted);
  caf::typed_response_promise<api_token> on_remove(const job_id& id);
  void on_uses(const token_uses& uses);
  token_table_ptr on_subscribe(token_watcher_actor watcher);
  actor_status on_status() const;

private:
  caf::error check(const new_token& wanted) const;
  void make_room(storage::write_batch& out);
  void add(api_token made);
  api_token* find(const job_id& id);
  void publish();
};

/// Keeps who may use the API: hashes of tokens, their scopes and their ends.
/// A token and its end count when they are committed, synced; watchers hear of
/// it before whoever asked. A token's text is in one answer and nowhere else.
/// Bounds: O(tokens_max) a message.
/// Errors: ec::invalid_argument (a name that is empty, too long or not
/// printable, a time that is over), ec::conflict (a token of that name, or one
/// that is revoked already), ec::limit_reached, ec::not_found, and the STORE's.
token_store_actor::behavior_type
token_store(token_store_actor::stateful_pointer<token_store_state> self,
            token_store_config config, std::shared_ptr<const storage::store> db,
            store_actor store, std::shared_ptr<id_generator> ids,
            const wall_clock* clock);

} // namespace quaero
