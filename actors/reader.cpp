#include "actors/reader.hpp"

#include "actors/recovery.hpp"
#include "actors/stream_pages.hpp"
#include "storage/life_tables.hpp"

#include <utility>

namespace quaero {

namespace {

/// Ids taken from an index at a time.
constexpr size_t page_ids = 1000;

caf::error failed(const storage::status& why, const char* what) {
  if (why.code == storage::errc::not_found)
    return make_error(ec::not_found, std::string{"no such "} + what);
  return make_error(ec::storage_failed, why.message);
}

} // namespace

caf::error reader_state::view(const job_id& id, job_view& out) const {
  auto result = storage::read_job(*db, id, out.job);
  if (!result.ok())
    return failed(result, "job");
  std::vector<job_event> events;
  result = storage::read_events(*db, id, events);
  if (!result.ok())
    return failed(result, "job");
  result = storage::read_label(*db, id, out.label);
  if (!result.ok())
    return failed(result, "job");
  out.state = fold(events, out.job.type == step_job_type);
  return caf::none;
}

caf::result<job_view> reader_state::on_get(const job_id& id) {
  ++reads;
  job_view out;
  if (auto e = view(id, out))
    return e;
  return out;
}

caf::result<std::vector<job_view>> reader_state::on_get_all(const id_list& x) {
  ++reads;
  std::vector<job_view> out;
  for (const auto& id : x.ids) {
    job_view one;
    const auto e = view(id, one);
    if (e && e != caf::error{ec::not_found})
      return e;
    if (!e)
      out.push_back(std::move(one));
  }
  return out;
}

caf::result<log_page> reader_state::on_log(const job_id& owner,
                                           const storage::log_query& query) {
  ++reads;
  if (!storage::has_job(*db, owner))
    return make_error(ec::not_found, "no such job");
  log_page page;
  std::optional<log_entry> last;
  auto result = storage::read_last_log_entry(*db, owner, last);
  if (result.ok())
    result = storage::read_log(*db, owner, query, page.lines);
  if (!result.ok())
    return failed(result, "log");
  if (last)
    for (size_t i = 0; i < log_level_count; ++i) {
      page.unfiltered_total += last->totals[i];
      if (i >= static_cast<size_t>(query.level))
        page.total += last->totals[i];
    }
  return page;
}

caf::result<log_page>
reader_state::on_job_log(const job_id& job, const storage::log_query& query) {
  ++reads;
  if (!storage::has_job(*db, job))
    return make_error(ec::not_found, "no such job");
  log_page page;
  auto result = storage::read_job_log(*db, job, query, page.lines);
  if (!result.ok())
    return failed(result, "log");
  page.total = page.unfiltered_total = page.lines.size();
  return page;
}

caf::result<stream_page_ptr>
reader_state::on_events(const stream_query& query) {
  ++reads;
  auto page = std::make_shared<stream_page>();
  auto result = read_stream_page(*db, query, config.streams, *page);
  if (!result.ok())
    return failed(result, "stream");
  return stream_page_ptr{std::move(page)};
}

caf::result<document_page>
reader_state::on_documents(const storage::document_query& query) {
  ++reads;
  document_page page;
  bool complete = true;
  auto result
    = query.needs_sorting()
        ? storage::sort_documents(*db, query, config.document_scan_max,
                                  page.documents, page.total, complete)
        : storage::read_documents(*db, query, page.documents, page.total);
  if (!result.ok())
    return failed(result, "document");
  if (!complete)
    return make_error(ec::limit_reached,
                      "more than document_scan_max ("
                        + std::to_string(config.document_scan_max)
                        + ") documents would have to be sorted; narrow the "
                          "list by source_type, tags or job_id");
  return page;
}

caf::result<document> reader_state::on_document(const std::string& id) {
  ++reads;
  document out;
  auto result = storage::read_document(*db, id, out);
  if (!result.ok())
    return failed(result, "document");
  return out;
}

caf::result<document_statistics> reader_state::on_document_statistics() {
  ++reads;
  document_statistics out;
  auto result = storage::count_documents(*db, out.counts);
  for (const auto& [source, count] : out.counts.by_source)
    out.total += count;
  if (result.ok())
    result = storage::visit_documents(*db, [&](document&& x, size_t) {
      out.content_bytes += x.content_markdown.size();
      return ++out.looked_at < config.document_sample_max;
    });
  if (!result.ok())
    return failed(result, "document");
  return out;
}

caf::result<std::vector<std::string>> reader_state::on_document_tags() {
  ++reads;
  std::vector<std::string> out;
  auto result = storage::read_document_tags(*db, config.document_tags_max, out);
  if (!result.ok())
    return failed(result, "document");
  return out;
}

caf::result<search_page> reader_state::on_search(const search_request& x) {
  ++reads;
  search_page out;
  if (!x.wanted.id.empty()) { // No need to look for it.
    document found;
    auto result = storage::read_document(*db, x.wanted.id, found);
    if (!result.ok() && result.code != storage::errc::not_found)
      return failed(result, "document");
    out.looked_at = result.ok() ? 1 : 0;
    if (result.ok() && matches(x.wanted, found) && x.offset == 0)
      out.documents.push_back(std::move(found));
    return out;
  }
  size_t bytes = 0;
  size_t hits = 0;
  auto result = storage::visit_documents(*db, [&](document&& one, size_t n) {
    if (out.looked_at == config.search_documents_max
        || bytes >= config.search_bytes_max) {
      out.complete = false;
      return false;
    }
    ++out.looked_at;
    bytes += n;
    if (matches(x.wanted, one) && hits++ >= x.offset)
      out.documents.push_back(std::move(one));
    return out.documents.size() < x.limit;
  });
  if (!result.ok())
    return failed(result, "document");
  return out;
}

caf::result<std::vector<loaded_job>> reader_state::on_load(const id_list& ids) {
  ++reads;
  std::vector<loaded_job> out;
  out.reserve(ids.ids.size());
  for (const auto& id : ids.ids) {
    job_view one;
    // A record that cannot be read is left out: the QUEUE reports it.
    if (auto e = view(id, one))
      continue;
    loaded_job x{std::move(one.job), one.state.attempt, 0};
    if (one.state.status == job_status::running)
      x.interrupted_epoch = one.state.epoch;
    out.push_back(std::move(x));
  }
  return out;
}

caf::result<std::vector<job_view>>
reader_state::on_visit(const job_id& parent) {
  ++reads;
  std::vector<job_view> out;
  job_id after;
  std::vector<job_id> ids;
  do {
    auto result = storage::read_children(*db, parent, after, page_ids, ids);
    if (!result.ok())
      return failed(result, "job");
    for (const auto& id : ids) {
      if (auto e = view(id, out.emplace_back()))
        return e;
      after = id;
    }
  } while (ids.size() == page_ids);
  return out;
}

caf::result<recovery_ptr> reader_state::on_recover() {
  auto out = std::make_shared<recovery>();
  auto result = read_recovery(*db, *out);
  if (!result.ok())
    return failed(result, "record");
  return recovery_ptr{std::move(out)};
}

caf::result<std::vector<operation>> reader_state::on_operations() {
  ++reads;
  std::vector<operation> out;
  auto result = storage::read_operations(*db, out);
  if (!result.ok())
    return failed(result, "operation");
  return out;
}

caf::result<job_definition> reader_state::on_definition(const std::string& id) {
  ++reads;
  job_definition out;
  auto result = storage::read_definition(*db, id, out);
  if (result.code == storage::errc::not_found)
    return make_error(ec::not_found, "no job definition '" + id + "'");
  if (!result.ok())
    return failed(result, "job definition");
  return out;
}

caf::result<std::vector<job_definition>> reader_state::on_definitions() {
  ++reads;
  std::vector<job_definition> out;
  auto result = storage::read_definitions(*db, out);
  if (!result.ok())
    return failed(result, "job definition");
  return out;
}

actor_status reader_state::on_status() const {
  return {name, self->mailbox().size(), {{"reads", reads}}};
}

reader_actor::behavior_type
reader(reader_actor::stateful_pointer<reader_state> self, reader_config config,
       std::shared_ptr<const storage::store> db,
       log_collector_actor collector) {
  auto& st = self->state;
  st.config = config;
  st.collector = std::move(collector);
  st.db = std::move(db);
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::get, const job_id& id) { return self->state.on_get(id); },
    [self](atom::get, const id_list& x) { return self->state.on_get_all(x); },
    [self](atom::list, const job_query& q) { return self->state.on_list(q); },
    [self](atom::log, const job_id& owner, const storage::log_query& q) {
      return self->state.on_log(owner, q);
    },
    [self](atom::log, atom::get, const job_id& job,
           const storage::log_query& q) {
      return self->state.on_job_log(job, q);
    },
    [self](atom::events, const stream_query& q) {
      return self->state.on_events(q);
    },
    [self](atom::documents, const storage::document_query& q) {
      return self->state.on_documents(q);
    },
    [self](atom::documents, atom::get, const std::string& id) {
      return self->state.on_document(id);
    },
    [self](atom::documents, atom::stats) {
      return self->state.on_document_statistics();
    },
    [self](atom::documents, atom::list) {
      return self->state.on_document_tags();
    },
    [self](atom::documents, atom::search, const search_request& x) {
      return self->state.on_search(x);
    },
    [self](atom::load, const id_list& ids) { return self->state.on_load(ids); },
    [self](atom::visit, const job_id& id) { return self->state.on_visit(id); },
    [self](atom::recover) { return self->state.on_recover(); },
    [self](atom::operations) { return self->state.on_operations(); },
    [self](atom::get, const std::string& id) {
      return self->state.on_definition(id);
    },
    [self](atom::list) { return self->state.on_definitions(); },
  };
}

} // namespace quaero
