#include "actors/gateway/live_counts.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <memory>

namespace quaero {

namespace {

constexpr size_t jobs_page = 50;
constexpr size_t jobs_page_max = 500;
constexpr size_t children_max = 1000;
constexpr size_t queue_jobs_max = 1000; ///< In the answer to /api/jobs/queue.

// -- lists --------------------------------------------------------------------

// Reads "pending,running"; says so if one is no state.
void read_statuses(query_reader& query, std::vector<job_status>& out) {
  for (const auto& text : query.list("status")) {
    job_status status{};
    if (from_string(text, status))
      out.push_back(status);
    else
      query.refuse("status", "'" + text + "' is not the state of a job");
  }
}

void read_parent(query_reader& query, job_filter& out) {
  auto text = query.text("parent_id");
  job_id id;
  if (text.empty() || text == "root")
    out.roots = true;
  else if (from_string(text, id))
    out.parents = {id};
  else
    query.refuse("parent_id", "must be a job id or 'root'");
}

void list_jobs(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  job_query wanted;
  wanted.limit = query.number("limit", jobs_page, 1, jobs_page_max);
  wanted.offset = query.number("offset", 0, 0, SIZE_MAX);
  read_statuses(query, wanted.filter.states);
  read_parent(query, wanted.filter);
  if (!query.ok())
    return ex->reply(query.problem());
  ex->ask<job_page>(
    ex->actors().reader,
    [ex, wanted](job_page& page) {
      auto jobs = std::make_shared<job_page>(std::move(page));
      with_live_counts(ex, jobs->jobs, [=](const counts_by_job& live) {
        ex->reply(value::make_object({{"jobs", jobs_json(jobs->jobs, live)},
                                      {"total_count", jobs->total},
                                      {"limit", uint64_t{wanted.limit}},
                                      {"offset", uint64_t{wanted.offset}}}));
      });
    },
    atom::list_v, wanted);
}

void list_children(const exchange_ptr& ex) {
  job_id parent;
  if (!ex->job_param(0, parent))
    return;
  auto wanted = children_of(parent, children_max);
  auto found = [ex](job_page& page) {
    auto jobs = std::make_shared<std::vector<job_view>>(std::move(page.jobs));
    with_live_counts(ex, *jobs, [=](const counts_by_job& live) {
      ex->reply(value::make_object(
        {{"jobs", jobs_json(*jobs, live)}, {"count", uint64_t{jobs->size()}}}));
    });
  };
  // A job that is not there has no children, but that is a 404.
  ex->ask<job_view>(
    ex->actors().reader,
    [=](job_view&) {
      ex->ask<job_page>(ex->actors().reader, found, atom::list_v, wanted);
    },
    atom::get_v, parent);
}

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

// Walks down from the roots, through what has children, as far as jobs wait or
// run.
struct queue_walk : std::enable_shared_from_this<queue_walk> {
  exchange_ptr ex;
  std::vector<job_view> found;
  size_t next = 0; ///< Of `found`: children not read yet.
  uint64_t total = 0;

  void read(const std::optional<job_id>& parent) {
    job_query wanted;
    if (parent)
      wanted.filter.parents = {*parent};
    else
      wanted.filter.roots = true;
    wanted.filter.states = {job_status::pending, job_status::running};
    wanted.limit = queue_jobs_max - found.size();
    auto self = shared_from_this();
    ex->ask<job_page>(
      ex->actors().reader,
      [self](job_page& page) {
        std::move(page.jobs.begin(), page.jobs.end(),
                  std::back_inserter(self->found));
        self->go_on();
      },
      atom::list_v, wanted);
  }

  void go_on() {
    while (next < found.size() && found.size() < queue_jobs_max) {
      const auto& job = found[next++].job;
      if (job.type == manager_job_type || job.type == step_job_type)
        return read(job.id);
    }
    finish();
  }

  void finish() {
    auto self = shared_from_this();
    with_live_counts(ex, found, [self](const counts_by_job& live) {
      std::vector<job_view> pending;
      std::vector<job_view> running;
      for (auto& x : self->found)
        (x.state.status == job_status::pending ? pending : running)
          .push_back(std::move(x));
      self->ex->reply(value::make_object({{"pending", jobs_json(pending, live)},
                                          {"running", jobs_json(running, live)},
                                          {"total", self->total}}));
    });
  }
};

void list_queue(const exchange_ptr& ex) {
  ex->ask<storage::totals>(
    ex->actors().log_collector,
    [ex](storage::totals& x) {
      auto walk = std::make_shared<queue_walk>();
      walk->ex = ex;
      walk->total
        = count_of(x, job_status::pending) + count_of(x, job_status::running);
      walk->read(std::nullopt);
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
        auto steps = children_of(id, children_max);
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
    {"GET", "/api/jobs", list_jobs},
    {"GET", "/api/jobs/stats", job_stats},
    {"GET", "/api/jobs/queue", list_queue},
    {"GET", "/api/jobs/{id}", get_job},
    {"GET", "/api/jobs/{id}/children", list_children},
    {"GET", "/api/jobs/{id}/tree", get_tree},
    {"GET", "/api/jobs/{id}/structure", get_structure},
    {"POST", "/api/jobs/{id}/cancel", cancel_job},
    {"GET", "/api/jobs/{id}/explain", explain_job},
  };
  return routes;
}

} // namespace quaero
