#include "actors/document_store.hpp"

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

void document_store_state::on_settle(const prepared_documents& done) {
  for (const auto& key : done.ids) {
    auto i = pending.find(key);
    if (i != pending.end() && --i->second.commits == 0)
      pending.erase(i);
  }
}

actor_status document_store_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"in_flight", static_cast<int64_t>(pending.size())}}};
}

document_store_actor::behavior_type document_store(
  document_store_actor::stateful_pointer<document_store_state> self,
  std::shared_ptr<const storage::store> db, std::shared_ptr<id_generator> ids,
  const wall_clock* clock) {
  auto& st = self->state;
  st.db = std::move(db);
  st.ids = std::move(ids);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::prepare, std::vector<document>& xs, const job_id& manager) {
      return self->state.on_prepare(xs, manager);
    },
    [self](atom::settle, const prepared_ptr& x) { self->state.on_settle(*x); },
  };
}

} // namespace quaero
