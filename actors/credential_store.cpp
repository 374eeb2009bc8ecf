#include "actors/credential_store.hpp"

#include "actors/deadlines.hpp"
#include "storage/pair_tables.hpp"

#include <utility>

namespace quaero {

namespace {

caf::error no_credential() {
  return make_error(ec::not_found, "no such credential");
}

size_t bytes_of(const credential& x) {
  return x.id.size() + x.name.size() + x.site_domain.size()
         + x.service_type.size() + x.base_url.size() + x.user_agent.size()
         + x.cookies.size() + x.tokens.size();
}

} // namespace

const credential* credential_store_state::find(const std::string& id) const {
  for (const auto& [site, x] : by_site)
    if (x.id == id)
      return &x;
  return nullptr;
}

caf::result<std::vector<credential>> credential_store_state::on_list() const {
  std::vector<credential> out;
  out.reserve(by_site.size());
  for (const auto& [site, x] : by_site)
    out.push_back(x);
  return out;
}

caf::result<credential>
credential_store_state::on_get(const std::string& id) const {
  const auto* found = find(id);
  if (found == nullptr)
    return no_credential();
  return *found;
}

void credential_store_state::in_turn(std::function<void()> f) {
  waiting.push_back(std::move(f));
  if (!committing)
    next();
}

void credential_store_state::next() {
  committing = false;
  while (!committing && !waiting.empty()) {
    auto f = std::move(waiting.front());
    waiting.pop_front();
    f();
  }
}

caf::error credential_store_state::check(const credential& x) const {
  if (x.site_domain.empty())
    return make_error(ec::invalid_argument, "a credential needs a site_domain");
  if (bytes_of(x) > config.bytes_max)
    return make_error(ec::invalid_argument, "a credential has at most "
                                              + std::to_string(config.bytes_max)
                                              + " bytes");
  if (by_site.count(x.site_domain) == 0
      && by_site.size() >= config.credentials_max)
    return make_error(ec::limit_reached,
                      "there are credentials_max ("
                        + std::to_string(config.credentials_max)
                        + ") credentials");
  return caf::none;
}

void credential_store_state::store(
  caf::typed_response_promise<credential> reply, credential x) {
  if (auto e = check(x)) {
    reply.deliver(std::move(e));
    return;
  }
  x.updated_at = clock->now();
  if (auto old = by_site.find(x.site_domain); old != by_site.end()) {
    x.id = old->second.id;
    x.created_at = old->second.created_at;
  } else {
    x.id = "cred_" + to_string(ids->next());
    x.created_at = x.updated_at;
  }
  committing = true;
  auto change = std::make_shared<commit>();
  storage::put_credential(change->ops, x);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, x]() mutable {
        by_site.insert_or_assign(x.site_domain, x);
        reply.deliver(std::move(x));
        next();
      },
      [this, reply](caf::error& e) mutable {
        reply.deliver(std::move(e));
        next();
      });
}

caf::typed_response_promise<credential>
credential_store_state::on_put(credential& x) {
  auto reply = self->make_response_promise<credential>();
  in_turn([this, reply, x = std::move(x)] { store(reply, x); });
  return reply;
}

void credential_store_state::drop(ack_promise reply, const std::string& id) {
  const auto* found = find(id);
  if (found == nullptr) {
    reply.deliver(no_credential());
    return;
  }
  committing = true;
  auto change = std::make_shared<commit>();
  storage::remove_credential(change->ops, *found);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, site = found->site_domain]() mutable {
        by_site.erase(site);
        acknowledge(reply);
        next();
      },
      [this, reply](caf::error& e) mutable {
        reply.deliver(std::move(e));
        next();
      });
}

ack_promise credential_store_state::on_remove(const std::string& id) {
  auto reply = self->make_response_promise<void>();
  in_turn([this, reply, id] { drop(reply, id); });
  return reply;
}

actor_status credential_store_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"credentials", static_cast<int64_t>(by_site.size())}}};
}

credential_store_actor::behavior_type credential_store(
  credential_store_actor::stateful_pointer<credential_store_state> self,
  credential_store_config config, std::shared_ptr<const storage::store> db,
  log_collector_actor collector, std::shared_ptr<id_generator> ids,
  const wall_clock* clock) {
  auto& st = self->state;
  std::vector<credential> found;
  if (auto result = storage::read_credentials(*db, found); !result.ok()) {
    self->quit(make_error(ec::storage_failed, result.message));
    return credential_store_actor::behavior_type::make_empty_behavior();
  }
  st.config = config;
  st.collector = std::move(collector);
  st.ids = std::move(ids);
  st.clock = clock;
  for (auto& x : found) {
    auto site = x.site_domain;
    st.by_site.emplace(std::move(site), std::move(x));
  }
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::list) { return self->state.on_list(); },
    [self](atom::get, const std::string& x) { return self->state.on_get(x); },
    [self](atom::put, credential& x) { return self->state.on_put(x); },
    [self](atom::remove, const std::string& x) {
      return self->state.on_remove(x);
    },
  };
}

} // namespace quaero
