#include "actors/gateway/live_counts.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <memory>

namespace quaero {

namespace {

constexpr size_t steps_max = 1000;

// -- numbers ------------------------------------------------------------------

uint64_t count_of(const storage::totals& x, job_status status) {
  return x.jobs[static_cast<size_t>(status)];
}

void job_stats(const exchange_ptr& ex) {
  ex->ask<storage::totals>(
    ex->actors().log_collector,
    [ex](storage::totals& x) {
      uint64_t all = 0;
      for (auto n : x.jobs)
        all += n;
      ex->reply(value::make_object(
        {{"total_jobs", all},
         {"pending_jobs", count_of(x, job_status::pending)},
         {"running_jobs", count_of(x, job_status::running)},
         {"completed_jobs", count_of(x, job_status::completed)},
         {"failed_jobs", count_of(x, job_status::failed)},
         {"cancelled_jobs", count_of(x, job_status::cancelled)},
         {"skipped_jobs", count_of(x, job_status::skipped)}}));
    },
    atom::stats_v);
}

// -- one job ------------------------------------------------------------------

void reply_job(const exchange_ptr& ex, const job_view& x) {
  if (!has_live_counts(x))
    return ex->reply(job_json(x));
  with_live_counts(ex, {x}, [=](const counts_by_job& live) {
    if (auto it = live.find(x.job.id); it != live.end())
      return ex->reply(job_json(x, it->second));
    // It has ended since it was read; now the database knows how.
    ex->ask<job_view>(
      ex->actors().reader, [ex](job_view& now) { ex->reply(job_json(now)); },
      atom::get_v, x.job.id);
  });
}

void get_job(const exchange_ptr& ex) {
  job_id id;
  if (ex->job_param(0, id))
    ex->ask<job_view>(
      ex->actors().reader, [ex](job_view& x) { reply_job(ex, x); }, atom::get_v,
      id);
}

void cancel_job(const exchange_ptr& ex) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  auto cancelled = [ex, id] {
    // A job that ended well meanwhile was too late to be stopped.
    ex->ask<job_view>(
      ex->actors().reader,
      [ex, id](job_view& x) {
        ex->reply(value::make_object(
          {{"job_id", to_string(id)},
           {"status", to_string(x.state.status)},
           {"message", x.state.status == job_status::cancelled
                         ? "Job cancelled successfully"
                         : "The job ended before it could be cancelled"}}));
      },
      atom::get_v, id);
  };
  auto refused = [ex](const caf::error& why) {
    if (why == caf::error{ec::conflict})
      ex->reply(make_problem(400, "conflict", message_of(why)));
    else
      ex->fail(why);
  };
  ex->ask_or<void>(ex->actors().job_manager, cancelled, refused, atom::cancel_v,
                   id);
}

void explain_job(const exchange_ptr& ex) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  ex->ask<explanation>(
    ex->actors().job_manager,
    [ex, id](explanation& x) {
      ex->reply(value::make_object({{"job_id", to_string(id)},
                                    {"state", to_string(x.status)},
                                    {"reason", to_string(x.reason)},
                                    {"detail", std::move(x.detail)},
                                    {"values", std::move(x.values)}}));
    },
    atom::explain_v, id);
}

// -- one run ------------------------------------------------------------------

using overview_handler = std::function<void(const run_overview&)>;

// Asks how many lines the log of each step holds.
void count_lines(const exchange_ptr& ex, run_overview x,
                 const overview_handler& done) {
  auto all = std::make_shared<run_overview>(std::move(x));
  auto open = std::make_shared<size_t>(1);
  auto finish = [=] {
    if (--*open == 0)
      done(*all);
  };
  storage::log_query newest;
  newest.limit = 1;
  for (size_t i = 0; i < all->steps.size(); ++i) {
    if (!all->steps[i].job)
      continue;
    ++*open;
    ex->ask_or<log_page>(
      ex->actors().reader,
      [=](log_page& page) {
        all->steps[i].lines = page.total;
        finish();
      },
      [=](const caf::error&) { finish(); }, atom::log_v,
      all->steps[i].job->job.id, newest);
  }
  finish();
}

// Asks the run before the database: what has ended in between is stored then.
void load_run(const exchange_ptr& ex, const job_id& id,
              const overview_handler& done) {
  with_progress(ex, id, [=](const std::optional<run_progress>& live) {
    ex->ask<job_view>(
      ex->actors().reader,
      [=](job_view& x) {
        auto steps = children_of(id, steps_max);
        ex->ask<job_page>(
          ex->actors().reader,
          [=](job_page& page) {
            count_lines(ex, make_overview(x, live, std::move(page.jobs)), done);
          },
          atom::list_v, steps);
      },
      atom::get_v, id);
  });
}

void get_tree(const exchange_ptr& ex) {
  job_id id;
  if (ex->job_param(0, id))
    load_run(ex, id, [ex](const run_overview& x) {
      ex->reply(tree_json(x, system_wall_clock().now()));
    });
}

void get_structure(const exchange_ptr& ex) {
  job_id id;
  if (ex->job_param(0, id))
    load_run(ex, id,
             [ex](const run_overview& x) { ex->reply(structure_json(x)); });
}

} // namespace

const std::vector<route>& job_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/jobs/stats", job_stats},
    {"GET", "/api/jobs/{id}", get_job},
    {"GET", "/api/jobs/{id}/tree", get_tree},
    {"GET", "/api/jobs/{id}/structure", get_structure},
    {"POST", "/api/jobs/{id}/cancel", cancel_job},
    {"GET", "/api/jobs/{id}/explain", explain_job},
  };
  return routes;
}

} // namespace quaero
