#include "actors/token_store.hpp"

#include "actors/deadlines.hpp"
#include "definitions/json.hpp"
#include "definitions/log.hpp"
#include "storage/access_tables.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

bool is_printable(std::string_view text) {
  return is_utf8(text)
         && std::none_of(text.begin(), text.end(),
                         [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

} // namespace

token_table_ptr token_store_state::table() const {
  return std::make_shared<const std::vector<api_token>>(tokens);
}

void token_store_state::publish() {
  const auto now = table();
  for (const auto& x : watchers)
    self->send(x, atom::put_v, now);
}

api_token* token_store_state::find(const job_id& id) {
  auto i = std::find_if(tokens.begin(), tokens.end(),
                        [&](const api_token& x) { return x.id == id; });
  return i == tokens.end() ? nullptr : &*i;
}

caf::error token_store_state::check(const new_token& wanted) const {
  if (wanted.name.empty() || wanted.name.size() > config.name_bytes_max
      || !is_printable(wanted.name))
    return make_error(ec::invalid_argument,
                      "name: must have 1 to "
                        + std::to_string(config.name_bytes_max)
                        + " bytes, all of them printable");
  const auto now = clock->now();
  if (wanted.expires_at != timestamp{} && wanted.expires_at <= now)
    return make_error(ec::invalid_argument,
                      "expires_at: must be in the future");
  const auto same
    = [&](const api_token& x) { return x.name == wanted.name && x.live(now); };
  if (std::any_of(tokens.begin(), tokens.end(), same)
      || std::find(pending.begin(), pending.end(), wanted.name)
           != pending.end())
    return make_error(ec::conflict,
                      "there is a token '" + wanted.name + "' already");
  const auto live
    = std::count_if(tokens.begin(), tokens.end(),
                    [&](const api_token& x) { return x.live(now); });
  if (static_cast<size_t>(live) + pending.size() >= config.tokens_max)
    return make_error(ec::limit_reached,
                      "there are " + std::to_string(config.tokens_max)
                        + " tokens, which is tokens_max; revoke one");
  return caf::none;
}

// The oldest that count no more go when there are too many.
void token_store_state::make_room(storage::write_batch& out) {
  const auto now = clock->now();
  while (tokens.size() + pending.size() >= config.tokens_max) {
    auto i = std::find_if(tokens.begin(), tokens.end(),
                          [&](const api_token& x) { return !x.live(now); });
    if (i == tokens.end())
      return;
    storage::remove_token(out, i->id);
    tokens.erase(i);
  }
}

void token_store_state::add(api_token made) {
  std::erase(pending, made.name);
  tokens.push_back(std::move(made));
  publish();
}

caf::typed_response_promise<created_token>
token_store_state::on_create(const new_token& wanted) {
  auto reply = self->make_response_promise<created_token>();
  auto secret = make_secret(config.random);
  auto error = check(wanted);
  if (!error && secret.empty())
    error = make_error(ec::none, "the system has no randomness for a token");
  if (error) {
    reply.deliver(std::move(error));
    return reply;
  }
  api_token made{
    ids->next(),  wanted.name,       wanted.scope, hash_secret(secret),
    clock->now(), wanted.expires_at, {},           {}};
  auto change = std::make_shared<commit>();
  make_room(change->ops);
  storage::put_token(change->ops, made);
  pending.push_back(made.name);
  self->request(store, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, made, secret]() mutable {
        add(made);
        reply.deliver(created_token{std::move(made), std::move(secret)});
      },
      [this, reply, name = made.name](caf::error& e) mutable {
        std::erase(pending, name);
        reply.deliver(std::move(e));
      });
  return reply;
}

caf::typed_response_promise<api_token>
token_store_state::on_remove(const job_id& id) {
  auto reply = self->make_response_promise<api_token>();
  const auto* found = find(id);
  if (found == nullptr || found->revoked_at != timestamp{}) {
    reply.deliver(found == nullptr
                    ? make_error(ec::not_found, "no such token")
                    : make_error(ec::conflict, "the token is revoked already"));
    return reply;
  }
  auto ended = *found;
  ended.revoked_at = clock->now();
  auto change = std::make_shared<commit>();
  storage::put_token(change->ops, ended);
  self->request(store, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, ended]() mutable {
        if (auto* x = find(ended.id)) {
          x->revoked_at = ended.revoked_at;
          publish();
        }
        reply.deliver(std::move(ended));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void token_store_state::on_uses(const token_uses& uses) {
  auto change = std::make_shared<commit>();
  change->level = durability::buffered;
  for (const auto& [id, at] : uses.last) {
    auto* x = find(id);
    if (x == nullptr || at <= x->last_used)
      continue;
    x->last_used = at;
    storage::put_token(change->ops, *x);
  }
  if (!change->ops.empty())
    self->send(store, atom::commit_v, std::move(change));
}

token_table_ptr token_store_state::on_subscribe(token_watcher_actor watcher) {
  watchers.push_back(std::move(watcher));
  return table();
}

actor_status token_store_state::on_status() const {
  const auto now = clock->now();
  const auto live
    = std::count_if(tokens.begin(), tokens.end(),
                    [&](const api_token& x) { return x.live(now); });
  return {name,
          self->mailbox().size(),
          {{"tokens", static_cast<int64_t>(tokens.size())}, {"live", live}}};
}

token_store_actor::behavior_type
token_store(token_store_actor::stateful_pointer<token_store_state> self,
            token_store_config config, std::shared_ptr<const storage::store> db,
            store_actor store, std::shared_ptr<id_generator> ids,
            const wall_clock* clock) {
  auto& st = self->state;
  auto result = storage::read_tokens(*db, st.tokens);
  if (config.tokens_max == 0 || config.name_bytes_max == 0 || !result.ok()) {
    self->quit(
      make_error(ec::invalid_config, "token store: " + result.message));
    return token_store_actor::behavior_type::make_empty_behavior();
  }
  st.config = std::move(config);
  st.store = std::move(store);
  st.ids = std::move(ids);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::list) { return self->state.table(); },
    [self](atom::create, const new_token& x) {
      return self->state.on_create(x);
    },
    [self](atom::remove, const job_id& x) { return self->state.on_remove(x); },
    [self](atom::visit, const token_uses& x) { self->state.on_uses(x); },
    [self](atom::subscribe, token_watcher_actor& x) {
      return self->state.on_subscribe(std::move(x));
    },
  };
}

} // namespace quaero
