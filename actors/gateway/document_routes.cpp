#include "actors/gateway/cursor.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <iterator>

namespace quaero {

namespace {

constexpr size_t documents_page = 20;
constexpr size_t documents_page_max = 500;

// -- reading ------------------------------------------------------------------

timestamp read_time(query_reader& query, std::string_view name) {
  timestamp out{};
  auto text = query.text(name);
  if (!text.empty() && !from_rfc3339(text, out))
    query.refuse(name, "must be a time like 2026-01-20T02:00:04Z");
  return out;
}

storage::document_query read_document_query(query_reader& query) {
  storage::document_query out;
  out.source_type = query.text("source_type");
  out.tags = query.list(query.text("tags").empty() ? "tag" : "tags");
  out.limit = query.number("limit", documents_page, 1, documents_page_max);
  out.offset = query.number("offset", 0, 0, SIZE_MAX);
  out.by_creation
    = query.choice("order_by", "updated_at", {"created_at", "updated_at"})
      == "created_at";
  out.ascending = query.choice("order_dir", "desc", {"asc", "desc"}) == "asc";
  out.created_after = read_time(query, "created_after");
  out.created_before = read_time(query, "created_before");
  if (auto text = query.text("job_id"); !text.empty()) {
    job_id run;
    if (!from_string(text, run))
      query.refuse("job_id", "must be a job id (a UUID)");
    out.job_id = to_string(run); // The spelling that is stored.
  }
  return out;
}

// The list and all that decides what is in it, for cursors.
std::string list_name(const query_reader& query) {
  std::string out{"documents"};
  for (auto part : {"source_type", "tags", "tag", "job_id", "order_by",
                    "order_dir", "created_after", "created_before"})
    out += '\n' + query.text(part);
  return out;
}

void list_documents(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  auto wanted = read_document_query(query);
  if (!query.ok())
    return ex->reply(query.problem());
  // A document that changes moves in the list: a cursor is a number of items,
  // and the order of this list cannot be kept from page to page.
  const auto name = list_name(query);
  const auto offset = wanted.offset;
  std::optional<list_position> from;
  if (!take_cursor(ex, name, from))
    return;
  if (from)
    wanted.offset = from->offset;
  // Sorting may look at many: not where everybody else asks.
  const auto& actors = ex->actors();
  ex->ask<document_page>(
    wanted.needs_sorting() ? actors.searcher : actors.reader,
    [=](document_page& page) {
      value::array out;
      for (const auto& x : page.documents)
        out.push_back(document_json(x));
      const uint64_t end = wanted.offset + wanted.limit;
      ex->reply(value::make_object(
        {{"documents", std::move(out)},
         {"total_count", page.total},
         {"limit", uint64_t{wanted.limit}},
         {"offset", uint64_t{offset}},
         {"next_cursor",
          end < page.total ? make_cursor(name, {{}, end}) : std::string{}}}));
    },
    atom::documents_v, wanted);
}

void get_document(const exchange_ptr& ex) {
  ex->ask<document>(
    ex->actors().reader, [ex](document& x) { ex->reply(document_json(x)); },
    atom::documents_v, atom::get_v, ex->params[0]);
}

void document_stats(const exchange_ptr& ex) {
  ex->ask<document_statistics>(
    ex->actors().searcher,
    [ex](document_statistics& x) {
      auto by_source = value::make_object();
      uint64_t jira = 0;
      uint64_t confluence = 0;
      for (const auto& [source, count] : x.counts.by_source) {
        by_source.set(source, count);
        jira += source == "jira" ? count : 0;
        confluence += source == "confluence" ? count : 0;
      }
      const auto last = x.counts.last_updated;
      ex->reply(value::make_object(
        {{"total_documents", x.total},
         {"documents_by_source", std::move(by_source)},
         {"jira_documents", jira},
         {"confluence_documents", confluence},
         {"last_updated",
          last == timestamp{} ? value{} : value{to_rfc3339(last)}},
         {"average_content_size",
          x.looked_at == 0 ? 0 : x.content_bytes / x.looked_at},
         {"sampled_documents", x.looked_at}}));
    },
    atom::documents_v, atom::stats_v);
}

void document_tags(const exchange_ptr& ex) {
  ex->ask<std::vector<std::string>>(
    ex->actors().searcher,
    [ex](std::vector<std::string>& tags) {
      value::array out;
      for (auto& x : tags)
        out.emplace_back(std::move(x));
      ex->reply(value::make_object({{"tags", std::move(out)}}));
    },
    atom::documents_v, atom::list_v);
}

// -- writing ------------------------------------------------------------------

constexpr size_t document_id_bytes_max = 512;
constexpr size_t document_tags_max = 100;

// Reads a document as the API takes it.
// Returns "" or the rule that is broken.
class document_reader {
public:
  explicit document_reader(const value& body) : body_{body} {}

  std::string run(document& out) {
    for (const auto& [name, val] : body_.as_object())
      if (std::find(std::begin(known), std::end(known), name)
          == std::end(known))
        return name + ": is no field of a document";
    take("id", out.id);
    take("source_type", out.source_type);
    take("source_id", out.source_id);
    take("title", out.title);
    take("content_markdown", out.content_markdown);
    take("detail_level", out.detail_level);
    take("url", out.url);
    take("content_hash", out.content_hash);
    take_metadata(out);
    take_tags(out);
    if (error_.empty())
      check(out);
    return error_;
  }

private:
  // What only answers have may be sent back and counts for nothing.
  static constexpr std::string_view known[]
    = {"id",        "source_type",  "source_id", "title",
       "url",       "detail_level", "tags",      "content_markdown",
       "metadata",  "content_hash", "jobs",      "created_at",
       "updated_at"};

  void refuse(std::string_view name, std::string_view rule) {
    if (error_.empty())
      error_ = std::string{name} + ": " + std::string{rule};
  }

  void take(std::string_view name, std::string& out) {
    const auto* x = body_.find(name);
    if (x == nullptr || x->is_null())
      return;
    if (x->is_string())
      out = x->as_string();
    else
      refuse(name, "must be a text");
  }

  void take_metadata(document& out) {
    const auto* x = body_.find("metadata");
    if (x == nullptr || x->is_null())
      return;
    if (x->is_object())
      out.metadata = to_json(*x);
    else
      refuse("metadata", "must be an object");
  }

  void take_tags(document& out) {
    const auto* x = body_.find("tags");
    if (x == nullptr || x->is_null())
      return;
    if (!x->is_array() || x->as_array().size() > document_tags_max)
      return refuse("tags", "must be an array of at most 100 texts");
    for (const auto& tag : x->as_array()) {
      if (!tag.is_string() || tag.as_string().empty())
        return refuse("tags", "must be an array of at most 100 texts");
      out.tags.push_back(tag.as_string());
    }
  }

  void check(document& out) {
    if (out.id.empty() || out.id.size() > document_id_bytes_max)
      refuse("id", "is required, at most 512 bytes");
    if (out.source_type.empty()
        || out.source_type.size() > document_id_bytes_max)
      refuse("source_type", "is required, at most 512 bytes");
    if (out.source_id.empty())
      out.source_id = out.id;
    if (out.detail_level != "full" && out.detail_level != "metadata")
      refuse("detail_level", "must be full or metadata");
  }

  const value& body_;
  std::string error_;
};

void post_document(const exchange_ptr& ex) {
  value body;
  std::string error;
  document x;
  if (parse_json(ex->request().body, body, error))
    error = body.is_object() ? document_reader{body}.run(x)
                             : "the body must be an object";
  if (!error.empty())
    return ex->reply(make_problem(400, "invalid_argument", std::move(error)));
  ex->ask<document_saved>(
    ex->actors().document_store,
    [ex, source = x.source_type, title = x.title](document_saved& saved) {
      ex->reply(
        value::make_object(
          {{"id", saved.id}, {"source_type", source}, {"title", title}}),
        saved.is_new ? 201 : 200);
    },
    atom::put_v, x);
}

void delete_document(const exchange_ptr& ex) {
  auto id = ex->params[0];
  ex->ask<void>(
    ex->actors().document_store,
    [=] {
      ex->reply(value::make_object(
        {{"doc_id", id}, {"message", "Document deleted successfully"}}));
    },
    atom::remove_v, id);
}

void clear_documents(const exchange_ptr& ex) {
  ex->ask<uint64_t>(
    ex->actors().document_store,
    [ex](uint64_t n) {
      ex->reply(value::make_object(
        {{"message", "All documents deleted"}, {"documents_affected", n}}));
    },
    atom::remove_v);
}

// Documents are whole when they are saved: there is nothing to do again.
void reprocess_document(const exchange_ptr& ex) {
  ex->ask<document>(
    ex->actors().reader,
    [ex](document&) {
      ex->reply(value::make_object({{"message", "nothing to process"}}));
    },
    atom::documents_v, atom::get_v, ex->params[0]);
}

} // namespace

const std::vector<route>& document_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/documents", list_documents},
    {"POST", "/api/documents", post_document},
    {"GET", "/api/documents/stats", document_stats},
    {"GET", "/api/documents/tags", document_tags},
    {"DELETE", "/api/documents/clear-all", clear_documents},
    {"GET", "/api/documents/{id}", get_document},
    {"DELETE", "/api/documents/{id}", delete_document},
    {"POST", "/api/documents/{id}/reprocess", reprocess_document},
  };
  return routes;
}

} // namespace quaero
