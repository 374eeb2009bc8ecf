// One action on every job that matches a query.

#include "actors/gateway/live_counts.hpp"
#include "actors/gateway/operation_start.hpp"
#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/job_filter.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <optional>

namespace quaero {

namespace {

constexpr size_t sample_jobs = 10; ///< In the answer to a dry run.

value operation_json(const operation& x) {
  value::array errors;
  for (const auto& e : x.errors)
    errors.push_back(value::make_object(
      {{"job_id", to_string(e.job)}, {"message", e.message}}));
  const auto over = x.done + x.skipped + x.failed;
  const double all = static_cast<double>(std::max(x.total, over));
  const bool ended = x.status == operation_status::completed || all == 0.0;
  auto out = value::make_object(
    {{"id", to_string(x.id)},
     {"action", to_string(x.action)},
     {"q", x.query},
     {"status", to_string(x.status)},
     {"total", x.total},
     {"total_is_exact", x.total_is_exact},
     {"done", x.done},
     {"skipped", x.skipped},
     {"failed", x.failed},
     {"progress", ended ? 1.0 : static_cast<double>(over) / all},
     {"errors", std::move(errors)},
     {"created_at", to_rfc3339(x.created_at)}});
  if (x.finished_at != timestamp{})
    out.set("finished_at", to_rfc3339(x.finished_at));
  if (!x.error.empty())
    out.set("error", x.error);
  return out;
}

void refuse(const exchange_ptr& ex, std::string rule) {
  ex->reply(make_problem(400, "invalid_argument", std::move(rule)));
}

void post_operation(const exchange_ptr& ex) {
  value body;
  std::optional<std::string> action;
  std::optional<std::string> query;
  bool dry_run = false;
  if (!read_object(ex, {"action", "q", "dry_run"}, body)
      || !read_text(ex, body, "action", action)
      || !read_text(ex, body, "q", query))
    return;
  operation_request wanted;
  if (!action || !from_string(*action, wanted.action))
    return refuse(ex, "action: must be cancel, retry or delete");
  // Who forgets the query does not mean all jobs.
  if (!query || query->find_first_not_of(" \t") == std::string::npos)
    return refuse(ex, "q: must say which jobs");
  wanted.query = *query;
  if (!read_dry_run(ex, body, dry_run))
    return;
  if (dry_run)
    try_operation(ex, wanted);
  else
    start_operation(ex, wanted);
}

void list_operations(const exchange_ptr& ex) {
  ex->ask<std::vector<operation>>(
    ex->actors().operations,
    [ex](std::vector<operation>& found) {
      value::array out;
      for (const auto& x : found)
        out.push_back(operation_json(x));
      const auto count = uint64_t{out.size()};
      ex->reply(value::make_object(
        {{"operations", std::move(out)}, {"total_count", count}}));
    },
    atom::list_v);
}

void get_operation(const exchange_ptr& ex) {
  job_id id;
  if (ex->job_param(0, id))
    ex->ask<operation>(
      ex->actors().operations,
      [ex](operation& x) { ex->reply(operation_json(x)); }, atom::get_v, id);
}

void cancel_operation(const exchange_ptr& ex) {
  job_id id;
  if (ex->job_param(0, id))
    ex->ask<operation>(
      ex->actors().operations,
      [ex](operation& x) { ex->reply(operation_json(x)); }, atom::cancel_v, id);
}

} // namespace

bool read_dry_run(const exchange_ptr& ex, const value& body, bool& out) {
  const auto* dry = body.find("dry_run");
  if (dry != nullptr && !dry->is_bool()) {
    refuse(ex, "dry_run: must be true or false");
    return false;
  }
  out = dry != nullptr && dry->as_bool();
  return true;
}

void try_operation(const exchange_ptr& ex, const operation_request& x) {
  job_query wanted;
  std::string error;
  if (!parse_job_filter(x.query, system_wall_clock().now(), wanted.filter,
                        error))
    return refuse(ex, "q: " + error);
  wanted.limit = sample_jobs;
  ex->ask<job_page>(
    ex->actors().reader,
    [ex, x](job_page& page) {
      ex->reply(value::make_object({{"dry_run", true},
                                    {"action", to_string(x.action)},
                                    {"matched", page.total},
                                    {"total_is_exact", page.total_is_exact},
                                    {"sample", jobs_json(page.jobs, {})}}));
    },
    atom::list_v, wanted);
}

void start_operation(const exchange_ptr& ex, const operation_request& x) {
  ex->ask<operation>(
    ex->actors().operations,
    [ex](const operation& made) {
      auto answer = json_answer(
        value::make_object({{"operation_id", to_string(made.id)},
                            {"matched", made.total},
                            {"total_is_exact", made.total_is_exact}}),
        202);
      answer.headers.emplace_back("Location",
                                  "/api/operations/" + to_string(made.id));
      ex->reply(std::move(answer));
    },
    atom::start_v, x);
}

const std::vector<route>& operation_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/operations", list_operations},
    {"POST", "/api/operations", post_operation, access::operate},
    {"GET", "/api/operations/{id}", get_operation},
    {"POST", "/api/operations/{id}/cancel", cancel_operation, access::operate},
  };
  return routes;
}

} // namespace quaero
