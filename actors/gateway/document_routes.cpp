#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"

namespace quaero {

namespace {

constexpr size_t documents_page = 20;
constexpr size_t documents_page_max = 500;

void list_documents(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  storage::document_query wanted;
  wanted.source_type = query.text("source_type");
  wanted.tags = query.list(query.text("tags").empty() ? "tag" : "tags");
  wanted.limit = query.number("limit", documents_page, 1, documents_page_max);
  wanted.offset = query.number("offset", 0, 0, SIZE_MAX);
  job_id run;
  if (auto text = query.text("job_id"); !text.empty()) {
    if (!from_string(text, run))
      query.refuse("job_id", "must be a job id (a UUID)");
    wanted.job_id = to_string(run); // The spelling that is stored.
  }
  if (!query.ok())
    return ex->reply(query.problem());
  ex->ask<document_page>(
    ex->actors().reader,
    [=](document_page& page) {
      value::array out;
      for (const auto& x : page.documents)
        out.push_back(document_json(x));
      ex->reply(value::make_object({{"documents", std::move(out)},
                                    {"total_count", page.total},
                                    {"limit", uint64_t{wanted.limit}},
                                    {"offset", uint64_t{wanted.offset}}}));
    },
    atom::documents_v, wanted);
}

void get_document(const exchange_ptr& ex) {
  ex->ask<document>(
    ex->actors().reader, [ex](document& x) { ex->reply(document_json(x)); },
    atom::documents_v, atom::get_v, ex->params[0]);
}

} // namespace

const std::vector<route>& document_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/documents", list_documents},
    {"GET", "/api/documents/{id}", get_document},
  };
  return routes;
}

} // namespace quaero
