#include "actors/answer_store.hpp"

#include "actors/deadlines.hpp"
#include "definitions/log.hpp"

#include <utility>
#include <vector>

namespace quaero {

caf::typed_response_promise<request_claim>
answer_store_state::on_get(const std::string& key,
                           const std::string& fingerprint) {
  using verdict = request_claim::verdict;
  auto reply = self->make_response_promise<request_claim>();
  if (auto i = claims.find(key); i != claims.end()) {
    const bool same = i->second == fingerprint;
    reply.deliver(
      request_claim{same ? verdict::in_flight : verdict::different, 0, {}});
    return reply;
  }
  storage::kept_answer found;
  auto result = storage::read_answer(*db, key, found);
  const bool none = result.code == storage::errc::not_found;
  if (!result.ok() && !none) {
    reply.deliver(make_error(ec::storage_failed, result.message));
    return reply;
  }
  if (!none && found.at > oldest()) {
    if (found.fingerprint == fingerprint)
      reply.deliver(
        request_claim{verdict::kept, found.status, std::move(found.body)});
    else
      reply.deliver(request_claim{verdict::different, 0, {}});
    return reply;
  }
  if (!none) {
    // Else pruning would find the new answer by the time of the old one.
    auto x = std::make_shared<commit>();
    x->level = durability::buffered;
    storage::remove_answer(x->ops, {key, found.at});
    self->send(collector, atom::commit_v, std::move(x));
  }
  claims.emplace(key, fingerprint);
  reply.deliver(request_claim{});
  return reply;
}

ack_promise answer_store_state::on_put(const kept_answer_ptr& x) {
  auto reply = self->make_response_promise<void>();
  auto change = std::make_shared<commit>();
  storage::put_answer(change->ops, *x);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, key = x->key]() mutable {
        claims.erase(key);
        acknowledge(reply);
      },
      [this, reply, key = x->key](caf::error& e) mutable {
        claims.erase(key);
        reply.deliver(std::move(e));
      });
  return reply;
}

void answer_store_state::on_wake() {
  std::vector<storage::answer_age> old;
  auto result = storage::read_old_answers(*db, oldest(), config.prune_max, old);
  if (!result.ok())
    log::error("answers.unreadable", {{"error", result.message}});
  const bool more = old.size() == config.prune_max;
  if (old.empty()) {
    self->delayed_send(self, config.prune_interval, atom::wake_v);
    return;
  }
  auto x = std::make_shared<commit>();
  x->level = durability::buffered;
  for (const auto& one : old)
    storage::remove_answer(x->ops, one);
  self->request(collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this, more] {
        if (more)
          on_wake();
        else
          self->delayed_send(self, config.prune_interval, atom::wake_v);
      },
      [](caf::error&) {}); // the STORE is gone
}

actor_status answer_store_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"claims", static_cast<int64_t>(claims.size())}}};
}

answer_store_impl::behavior_type
answer_store(answer_store_impl::stateful_pointer<answer_store_state> self,
             answer_store_config config,
             std::shared_ptr<const storage::store> db,
             log_collector_actor collector, const wall_clock* clock) {
  if (config.keep.count() <= 0 || config.prune_interval.count() <= 0
      || config.prune_max == 0) {
    self->quit(make_error(ec::invalid_config, "answer store: a limit is 0"));
    return answer_store_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = config;
  st.db = std::move(db);
  st.collector = std::move(collector);
  st.clock = clock;
  self->send(self, atom::wake_v);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::get, const std::string& key, const std::string& print) {
      return self->state.on_get(key, print);
    },
    [self](atom::put, const kept_answer_ptr& x) {
      return self->state.on_put(x);
    },
    [self](atom::forget, const std::string& key) {
      self->state.claims.erase(key);
    },
    [self](atom::wake) { self->state.on_wake(); },
  };
}

} // namespace quaero
