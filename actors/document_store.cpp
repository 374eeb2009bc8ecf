#include "actors/document_store.hpp"

#include "actors/deadlines.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

std::string source_key(const document& x) {
  return x.source_type + '\0' + x.source_id;
}

caf::error failed(const storage::status& why) {
  return make_error(ec::storage_failed, why.message);
}

} // namespace

caf::error document_store_state::find(const std::string& key, const document& x,
                                      bool& found, document& old) const {
  found = true;
  if (auto i = pending.find(key); i != pending.end()) {
    found = !i->second.removed;
    old = i->second.newest;
    return caf::none;
  }
  std::string id;
  auto result = storage::read_document_id(*db, x.source_type, x.source_id, id);
  if (result.ok())
    result = storage::read_document(*db, id, old);
  if (result.code == storage::errc::not_found) {
    found = false;
    return caf::none;
  }
  return result.ok() ? caf::error{} : failed(result);
}

caf::error document_store_state::prepare_one(document& x, const job_id& manager,
                                             prepared_documents& out) {
  auto key = source_key(x);
  bool found = false;
  document old;
  if (auto e = find(key, x, found, old))
    return e;
  x.updated_at = clock->now();
  if (found) {
    x.id = old.id;
    x.created_at = old.created_at;
    x.jobs = old.jobs;
    if (x.detail_level == "metadata" && old.detail_level == "full") {
      x.content_markdown = old.content_markdown;
      x.detail_level = "full";
    }
  } else {
    if (x.id.empty())
      x.id = "doc_" + to_string(ids->next());
    x.created_at = x.updated_at;
    ++out.created;
  }
  auto run = to_string(manager);
  if (manager && std::find(x.jobs.begin(), x.jobs.end(), run) == x.jobs.end())
    x.jobs.push_back(run);
  storage::put_document(out.ops, x, found ? &old : nullptr);
  auto& entry = pending[key];
  entry.newest = x;
  entry.removed = false;
  ++entry.commits;
  out.ids.push_back(std::move(key));
  return caf::none;
}

caf::result<prepared_ptr>
document_store_state::on_prepare(std::vector<document>& documents,
                                 const job_id& manager) {
  for (const auto& x : documents)
    if (x.source_type.empty() || x.source_id.empty())
      return make_error(ec::invalid_argument,
                        "a document needs a source_type and a source_id");
  auto out = std::make_shared<prepared_documents>();
  for (auto& x : documents) {
    if (auto e = prepare_one(x, manager, *out)) {
      on_settle(*out);
      return e;
    }
  }
  return prepared_ptr{std::move(out)};
}

void document_store_state::settle(const std::string& key) {
  auto i = pending.find(key);
  if (i == pending.end() || --i->second.commits != 0)
    return;
  auto waiting = std::move(i->second.waiting);
  pending.erase(i);
  // The first of them may put something in flight again.
  for (auto& f : waiting)
    when_settled(key, std::move(f));
}

void document_store_state::on_settle(const prepared_documents& done) {
  for (const auto& key : done.ids)
    settle(key);
}

// -- from outside -------------------------------------------------------------

void document_store_state::when_settled(const std::string& key,
                                        std::function<void()> f) {
  if (auto i = pending.find(key); i != pending.end())
    i->second.waiting.push_back(std::move(f));
  else
    f();
}

// A document of that id may have another source, and one of that source may
// have another id.
caf::error document_store_state::check_identity(const document& x) {
  std::string id;
  auto result = storage::read_document_id(*db, x.source_type, x.source_id, id);
  if (result.ok() && id != x.id)
    return make_error(ec::conflict,
                      "source '" + x.source_id + "' belongs to document " + id);
  if (result.ok())
    return caf::none;
  if (result.code != storage::errc::not_found)
    return failed(result);
  document other;
  result = storage::read_document(*db, x.id, other);
  if (result.ok())
    return make_error(ec::conflict, "document " + x.id + " has source '"
                                      + other.source_id + "' of "
                                      + other.source_type);
  return result.code == storage::errc::not_found ? caf::none : failed(result);
}

void document_store_state::put(
  caf::typed_response_promise<document_saved> reply, document x) {
  auto made = std::make_shared<prepared_documents>();
  auto error = check_identity(x);
  if (!error)
    error = prepare_one(x, {}, *made);
  if (error) {
    reply.deliver(std::move(error));
    return;
  }
  auto change = std::make_shared<commit>();
  change->ops.append(made->ops);
  change->documents = static_cast<int64_t>(made->created);
  document_saved saved{x.id, made->created != 0};
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, made, saved]() mutable {
        on_settle(*made);
        reply.deliver(std::move(saved));
      },
      [this, reply, made](caf::error& e) mutable {
        on_settle(*made);
        reply.deliver(std::move(e));
      });
}

caf::typed_response_promise<document_saved>
document_store_state::on_put(document& x) {
  auto reply = self->make_response_promise<document_saved>();
  if (x.id.empty() || x.source_type.empty() || x.source_id.empty()) {
    reply.deliver(make_error(ec::invalid_argument,
                             "a document needs an id, a source_type and a "
                             "source_id"));
    return reply;
  }
  when_settled(source_key(x), [this, reply, x] { put(reply, x); });
  return reply;
}

void document_store_state::remove(ack_promise reply, const std::string& id) {
  document old;
  auto result = storage::read_document(*db, id, old);
  if (!result.ok()) {
    reply.deliver(result.code == storage::errc::not_found
                    ? make_error(ec::not_found, "no such document")
                    : failed(result));
    return;
  }
  const auto key = source_key(old);
  if (pending.count(key) != 0) { // what is in flight may change its keys
    when_settled(key, [this, reply, id] { remove(reply, id); });
    return;
  }
  auto& entry = pending[key];
  entry.removed = true;
  entry.commits = 1;
  auto change = std::make_shared<commit>();
  storage::remove_document(change->ops, old);
  change->documents = -1;
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, key]() mutable {
        settle(key);
        acknowledge(reply);
      },
      [this, reply, key](caf::error& e) mutable {
        settle(key);
        reply.deliver(std::move(e));
      });
}

ack_promise document_store_state::on_remove(const std::string& id) {
  auto reply = self->make_response_promise<void>();
  remove(reply, id);
  return reply;
}

void document_store_state::clear_block(
  caf::typed_response_promise<uint64_t> reply, std::shared_ptr<clearing> x) {
  std::vector<std::string> found;
  auto result
    = storage::read_document_ids(*db, x->after, config.clear_block_max, found);
  auto change = std::make_shared<commit>();
  auto keys = std::make_shared<prepared_documents>();
  for (size_t i = 0; i < found.size() && result.ok(); ++i) {
    document old;
    result = storage::read_document(*db, found[i], old);
    if (!result.ok())
      break;
    x->after = found[i];
    auto key = source_key(old);
    if (pending.count(key) != 0)
      continue;
    auto& entry = pending[key];
    entry.removed = true;
    entry.commits = 1;
    storage::remove_document(change->ops, old);
    --change->documents;
    keys->ids.push_back(std::move(key));
  }
  if (!result.ok() || found.empty()) {
    on_settle(*keys);
    is_clearing = false;
    if (result.ok())
      reply.deliver(x->removed);
    else
      reply.deliver(failed(result));
    return;
  }
  x->removed += keys->ids.size();
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, x, keys] {
        on_settle(*keys);
        clear_block(reply, x);
      },
      [this, reply, keys](caf::error& e) mutable {
        on_settle(*keys);
        is_clearing = false;
        reply.deliver(std::move(e));
      });
}

caf::typed_response_promise<uint64_t> document_store_state::on_clear() {
  auto reply = self->make_response_promise<uint64_t>();
  if (std::exchange(is_clearing, true))
    reply.deliver(
      make_error(ec::conflict, "the documents are being removed already"));
  else
    clear_block(reply, std::make_shared<clearing>());
  return reply;
}

actor_status document_store_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"in_flight", static_cast<int64_t>(pending.size())}}};
}

document_store_actor::behavior_type document_store(
  document_store_actor::stateful_pointer<document_store_state> self,
  std::shared_ptr<const storage::store> db, std::shared_ptr<id_generator> ids,
  const wall_clock* clock, log_collector_actor collector,
  document_store_config config) {
  auto& st = self->state;
  if (config.clear_block_max == 0) {
    self->quit(
      make_error(ec::invalid_config, "document store: clear_block_max > 0"));
    return document_store_actor::behavior_type::make_empty_behavior();
  }
  st.config = config;
  st.collector = std::move(collector);
  st.db = std::move(db);
  st.ids = std::move(ids);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::prepare, std::vector<document>& xs, const job_id& manager) {
      return self->state.on_prepare(xs, manager);
    },
    [self](atom::settle, const prepared_ptr& x) { self->state.on_settle(*x); },
    [self](atom::put, document& x) { return self->state.on_put(x); },
    [self](atom::remove, const std::string& x) {
      return self->state.on_remove(x);
    },
    [self](atom::remove) { return self->state.on_clear(); },
  };
}

} // namespace quaero
