// What a job and those below it left.

#include "actors/gateway/cursor.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"

#include <memory>

namespace quaero {

namespace {

constexpr size_t results_page = 100;
constexpr size_t results_page_max = 1000;
constexpr size_t jobs_read = 1000; ///< At a time.
constexpr size_t reads_max = 20;   ///< Then the page ends, full or not.

value result_json(const job_view& x) {
  auto out = value::make_object({{"job_id", to_string(x.job.id)},
                                 {"job_name", x.name()},
                                 {"type", x.job.type},
                                 {"status", to_string(x.state.status)}});
  if (x.state.finished_at != timestamp{})
    out.set("finished_at", to_rfc3339(x.state.finished_at));
  out.set("result_count", x.state.result_count);
  out.set("result", stored_json(x.state.result));
  return out;
}

value source_json(const document& x) {
  return value::make_object({{"id", x.id},
                             {"title", x.title},
                             {"url", x.url},
                             {"source_type", x.source_type},
                             {"source_id", x.source_id}});
}

// Goes through the jobs, from new to old, until the page is full.
struct result_walk : std::enable_shared_from_this<result_walk> {
  exchange_ptr ex;
  job_view root;
  job_query query;
  size_t limit = results_page;
  bool first = true; ///< The first page.
  size_t reads = 0;
  value::array results;

  std::string list_name() const { return "results " + to_string(root.job.id); }

  void read() {
    auto self = shared_from_this();
    ex->ask<job_page>(
      ex->actors().reader, [self](job_page& page) { self->add(page); },
      atom::list_v, query);
  }

  static bool has_result(const job_view& x) {
    return !x.state.result.empty() || x.state.result_count > 0;
  }

  bool take(const job_view& x) {
    if (has_result(x))
      results.push_back(result_json(x));
    query.after = x.job.id;
    return results.size() < limit;
  }

  void add(const job_page& page) {
    for (const auto& x : page.jobs)
      if (!take(x))
        return finish(query.after);
    if (!page.next)
      return end();
    query.after = page.next;
    if (++reads == reads_max)
      return finish(page.next);
    read();
  }

  // A step is not below itself: it is the last of its list, being the oldest.
  void end() {
    const bool is_last = root.job.type != step_job_type || !has_result(root);
    if (!is_last && results.size() == limit)
      return finish(root.job.id);
    if (!is_last)
      results.push_back(result_json(root));
    finish({});
  }

  void finish(const job_id& next) {
    auto out = value::make_object({{"job_id", to_string(root.job.id)},
                                   {"count", uint64_t{results.size()}}});
    out.set("results", std::move(results));
    out.set("next_cursor",
            next ? make_cursor(list_name(), {to_string(next), 0, 0, false})
                 : std::string{});
    if (!first || root.job.type != manager_job_type) {
      out.set("document_count", root.state.children.documents);
      return ex->reply(out);
    }
    storage::document_query wanted;
    wanted.job_id = to_string(root.job.id);
    wanted.limit = limit;
    auto self = shared_from_this();
    ex->ask<document_page>(
      ex->actors().reader,
      [self, out](document_page& page) {
        value::array documents;
        for (const auto& x : page.documents)
          documents.push_back(source_json(x));
        auto whole = out;
        whole.set("document_count", page.total);
        whole.set("documents", std::move(documents));
        self->ex->reply(whole);
      },
      atom::documents_v, wanted);
  }
};

void begin_walk(const std::shared_ptr<result_walk>& walk,
                const std::string& cursor) {
  const auto& root = walk->root.job;
  auto& filter = walk->query.filter;
  walk->query.limit = jobs_read;
  walk->query.count = count_mode::none;
  if (root.type == manager_job_type)
    filter.runs = {root.id};
  else if (root.type == step_job_type)
    filter.parents = {root.id};
  else
    filter.ids = {root.id};
  if (!cursor.empty()) {
    auto at = read_cursor(walk->list_name(), cursor);
    if (!at || !from_string(at->place, walk->query.after))
      return walk->ex->reply(
        make_problem(400, "invalid_cursor", "cursor: not of this list"));
    walk->first = false;
  }
  walk->read();
}

void get_results(const exchange_ptr& ex) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  query_reader query{ex->request()};
  auto walk = std::make_shared<result_walk>();
  walk->ex = ex;
  walk->limit = query.number("limit", results_page, 1, results_page_max);
  const auto cursor = query.text("cursor");
  if (!query.ok())
    return ex->reply(query.problem());
  ex->ask<job_view>(
    ex->actors().reader,
    [walk, cursor](job_view& x) {
      walk->root = std::move(x);
      begin_walk(walk, cursor);
    },
    atom::get_v, id);
}

} // namespace

const std::vector<route>& result_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/jobs/{id}/results", get_results},
  };
  return routes;
}

} // namespace quaero
