#include "actors/key_store.hpp"

#include "actors/deadlines.hpp"
#include "definitions/json.hpp"
#include "storage/pair_tables.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace quaero {

namespace {

caf::error no_key(const std::string& key) {
  return make_error(ec::not_found, "no key '" + key + "'");
}

caf::error invalid(std::string rule) {
  return make_error(ec::invalid_argument, std::move(rule));
}

/// What a placeholder can name.
bool is_key_name(std::string_view x) {
  auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  auto is_other = [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return std::all_of(x.begin(), x.end(),
                     [&](char c) { return is_letter(c) || is_other(c); })
         && std::any_of(x.begin(), x.end(), is_letter);
}

/// From an id's digits: enough of them are random.
std::string make_seal(id_generator& ids) {
  auto out = to_string(ids.next());
  std::erase(out, '-');
  return out;
}

} // namespace

caf::result<std::vector<key_pair>> key_store_state::on_list() const {
  std::vector<key_pair> out;
  out.reserve(pairs.size());
  for (const auto& [key, x] : pairs)
    out.push_back(x);
  return out;
}

caf::result<key_pair> key_store_state::on_get(const std::string& key) const {
  auto i = pairs.find(storage::pair_key(key));
  if (i == pairs.end())
    return no_key(storage::pair_key(key));
  return i->second;
}

void key_store_state::in_turn(std::function<void()> f) {
  waiting.push_back(std::move(f));
  if (!committing)
    next();
}

void key_store_state::next() {
  committing = false;
  while (!committing && !waiting.empty()) {
    auto f = std::move(waiting.front());
    waiting.pop_front();
    f();
  }
}

caf::error key_store_state::check_texts(const pair_change& x) const {
  if (x.key.empty() || x.key.size() > config.key_bytes_max)
    return invalid("key: must have 1 to " + std::to_string(config.key_bytes_max)
                   + " bytes");
  if (!is_key_name(x.key) || x.key.starts_with("config."))
    return invalid("key: must be letters, digits, '-', '_' and '.', with a "
                   "letter, and not begin with 'config.'");
  const auto& taken = config.reserved;
  if (std::find(taken.begin(), taken.end(), x.key) != taken.end())
    return invalid("key: '" + x.key + "' is a value of the daemon's own");
  if (x.text && x.text->size() > config.text_bytes_max)
    return invalid("value: must have at most "
                   + std::to_string(config.text_bytes_max) + " bytes");
  if (x.description && x.description->size() > config.description_bytes_max)
    return invalid("description: must have at most "
                   + std::to_string(config.description_bytes_max) + " bytes");
  auto is_text = [](const std::optional<std::string>& y) {
    return !y || (is_utf8(*y) && y->find('\0') == std::string::npos);
  };
  if (!is_text(x.text) || !is_text(x.description))
    return invalid("value, description: must be UTF-8 without NUL");
  return caf::none;
}

caf::error key_store_state::apply(const pair_change& x,
                                  pair_stored& out) const {
  if (auto e = check_texts(x))
    return e;
  auto i = pairs.find(x.key);
  out.is_new = i == pairs.end();
  if (!out.is_new && x.must_be_new)
    return make_error(ec::conflict, "key '" + x.key + "' exists");
  if (out.is_new && !x.text)
    return x.must_be_new ? invalid("value: is required") : no_key(x.key);
  if (out.is_new && pairs.size() >= config.pairs_max)
    return make_error(ec::limit_reached, "there are pairs_max ("
                                           + std::to_string(config.pairs_max)
                                           + ") keys");
  auto& pair = out.pair;
  if (!out.is_new)
    pair = i->second;
  if (pair.secret && !x.secret.value_or(true))
    return make_error(ec::conflict, "key '" + x.key
                                      + "' is secret and stays so; remove it "
                                        "first");
  pair.key = x.key;
  pair.text = x.text.value_or(pair.text);
  pair.description = x.description.value_or(pair.description);
  pair.secret = x.secret.value_or(pair.secret);
  if (pair.secret && pair.text.size() < secret_bytes_min)
    return invalid("value: a secret has at least "
                   + std::to_string(secret_bytes_min) + " bytes");
  return caf::none;
}

void key_store_state::store(caf::typed_response_promise<pair_stored> reply,
                            const pair_change& x) {
  auto made = std::make_shared<pair_stored>();
  if (auto e = apply(x, *made)) {
    reply.deliver(std::move(e));
    return;
  }
  auto& pair = made->pair;
  pair.updated_at = clock->now();
  if (pair.created_at == timestamp{})
    pair.created_at = pair.updated_at;
  if (pair.secret && pair.seal.empty())
    pair.seal = make_seal(*ids);
  committing = true;
  auto change = std::make_shared<commit>();
  storage::put_pair(change->ops, pair);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, made]() mutable {
        pairs.insert_or_assign(made->pair.key, made->pair);
        ring->put(made->pair);
        reply.deliver(std::move(*made));
        next();
      },
      [this, reply](caf::error& e) mutable {
        reply.deliver(std::move(e));
        next();
      });
}

caf::typed_response_promise<pair_stored>
key_store_state::on_put(pair_change& x) {
  auto reply = self->make_response_promise<pair_stored>();
  x.key = storage::pair_key(x.key);
  in_turn([this, reply, x = std::move(x)] { store(reply, x); });
  return reply;
}

void key_store_state::drop(ack_promise reply, const std::string& key) {
  if (pairs.count(key) == 0) {
    reply.deliver(no_key(key));
    return;
  }
  committing = true;
  auto change = std::make_shared<commit>();
  storage::remove_pair(change->ops, key);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, key]() mutable {
        pairs.erase(key);
        ring->remove(key);
        acknowledge(reply);
        next();
      },
      [this, reply](caf::error& e) mutable {
        reply.deliver(std::move(e));
        next();
      });
}

ack_promise key_store_state::on_remove(const std::string& key) {
  auto reply = self->make_response_promise<void>();
  in_turn([this, reply, x = storage::pair_key(key)] { drop(reply, x); });
  return reply;
}

actor_status key_store_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"pairs", static_cast<int64_t>(pairs.size())},
           {"waiting", static_cast<int64_t>(waiting.size())}}};
}

key_store_actor::behavior_type
key_store(key_store_actor::stateful_pointer<key_store_state> self,
          key_store_config config, std::shared_ptr<const storage::store> db,
          log_collector_actor collector, std::shared_ptr<key_ring> ring,
          std::shared_ptr<id_generator> ids, const wall_clock* clock) {
  auto& st = self->state;
  std::vector<key_pair> found;
  if (auto result = storage::read_pairs(*db, found); !result.ok()) {
    self->quit(make_error(ec::storage_failed, result.message));
    return key_store_actor::behavior_type::make_empty_behavior();
  }
  st.config = std::move(config);
  st.collector = std::move(collector);
  st.ring = std::move(ring);
  st.ids = std::move(ids);
  st.clock = clock;
  for (auto& x : found) {
    st.ring->put(x);
    st.pairs.emplace(x.key, std::move(x));
  }
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::list) { return self->state.on_list(); },
    [self](atom::get, const std::string& x) { return self->state.on_get(x); },
    [self](atom::put, pair_change& x) { return self->state.on_put(x); },
    [self](atom::remove, const std::string& x) {
      return self->state.on_remove(x);
    },
  };
}

} // namespace quaero
