// What is done to jobs that failed for good; job_list_routes.cpp lists them.

#include "actors/gateway/operation_start.hpp"
#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "definitions/job_filter.hpp"
#include "definitions/time.hpp"

#include <optional>
#include <string>
#include <utility>

namespace quaero {

namespace {

/// Goes on with the job of the path if it is a dead letter; 404 if not.
template <class F>
void with_dead_letter(const exchange_ptr& ex, F go_on) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  job_query wanted;
  wanted.filter.ids = {id};
  wanted.filter.dead = all_failure_reasons();
  wanted.limit = 1;
  wanted.count = count_mode::none;
  ex->ask<job_page>(
    ex->actors().reader,
    [ex, id, go_on](const job_page& found) {
      if (found.jobs.empty())
        ex->reply(make_problem(404, "not_found", "no such dead letter"));
      else
        go_on(id);
    },
    atom::list_v, wanted);
}

void retry_one(const exchange_ptr& ex) {
  with_dead_letter(ex, [ex](const job_id& id) {
    ex->ask<job_made>(
      ex->actors().job_manager,
      [ex, id](const job_made& x) {
        auto out = value::make_object({{"original_job_id", to_string(id)},
                                       {"new_job_id", to_string(x.id)},
                                       {"job_name", x.name}});
        if (x.step)
          out.set("step_id", to_string(x.step));
        auto answer = json_answer(out, 201);
        answer.headers.emplace_back("Location", "/api/jobs/" + to_string(x.id));
        ex->reply(std::move(answer));
      },
      atom::retry_v, id);
  });
}

void purge_one(const exchange_ptr& ex) {
  with_dead_letter(ex, [ex](const job_id& id) {
    ex->ask<removal>(
      ex->actors().job_manager,
      [ex, id](const removal&) {
        ex->reply(value::make_object({{"job_id", to_string(id)}}));
      },
      atom::remove_v, id);
  });
}

/// An operation on the dead letters among the jobs that match; "" is all.
void change_all(const exchange_ptr& ex, operation_action action) {
  value body;
  std::optional<std::string> query;
  bool dry_run = false;
  if (!read_object(ex, {"q", "dry_run"}, body)
      || !read_text(ex, body, "q", query) || !read_dry_run(ex, body, dry_run))
    return;
  auto refuse = [&ex](std::string rule) {
    ex->reply(make_problem(400, "invalid_argument", std::move(rule)));
  };
  // Who forgets the query does not mean all of them.
  if (!query)
    return refuse("q: must say which dead letters; \"\" is all of them");
  job_filter filter;
  std::string error;
  if (!parse_job_filter(*query, system_wall_clock().now(), filter, error))
    return refuse("q: " + error);
  if (filter.dead.empty())
    filter.dead = all_failure_reasons();
  const operation_request wanted{action, to_string(filter)};
  if (dry_run)
    try_operation(ex, wanted);
  else
    start_operation(ex, wanted);
}

void retry_all(const exchange_ptr& ex) {
  change_all(ex, operation_action::retry);
}

void purge_all(const exchange_ptr& ex) {
  change_all(ex, operation_action::remove);
}

} // namespace

const std::vector<route>& dead_letter_routes() {
  static const std::vector<route> routes{
    {"POST", "/api/dead-letters/retry", retry_all, access::operate},
    {"POST", "/api/dead-letters/purge", purge_all, access::operate},
    {"POST", "/api/dead-letters/{id}/retry", retry_one, access::operate},
    {"DELETE", "/api/dead-letters/{id}", purge_one, access::operate},
  };
  return routes;
}

} // namespace quaero
