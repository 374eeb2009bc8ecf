// What is done to one job that is there, and what it has come to.

#include "actors/gateway/live_counts.hpp"
#include "actors/gateway/request_body.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/time.hpp"

#include <optional>

namespace quaero {

namespace {

// -- changes ------------------------------------------------------------------

void delete_job(const exchange_ptr& ex) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  ex->ask<removal>(
    ex->actors().job_manager,
    [ex, id](removal& x) {
      ex->reply(value::make_object({{"job_id", to_string(id)},
                                    {"message", "Job deleted successfully"},
                                    {"cascade_deleted", x.jobs},
                                    {"child_count", x.leaves}}));
    },
    atom::remove_v, id);
}

void reply_made(const exchange_ptr& ex, const job_id& original,
                const job_made& x, const char* message) {
  auto out = value::make_object({{"original_job_id", to_string(original)},
                                 {"new_job_id", to_string(x.id)},
                                 {"job_name", x.name},
                                 {"message", message}});
  if (x.step)
    out.set("step_id", to_string(x.step));
  auto answer = json_answer(out, 201);
  answer.headers.emplace_back("Location", "/api/jobs/" + to_string(x.id));
  ex->reply(std::move(answer));
}

void rerun_job(const exchange_ptr& ex) {
  rerun_request wanted;
  value body;
  std::optional<std::string> from;
  if (!ex->job_param(0, wanted.job)
      || !read_object(ex, {"from", "config"}, body)
      || !read_text(ex, body, "from", from))
    return;
  wanted.from = from.value_or("");
  if (from && from->empty())
    return ex->reply(make_problem(400, "invalid_argument",
                                  "from: 'failed', or the name of a step"));
  if (const auto* config = body.find("config")) {
    if (!config->is_object())
      return ex->reply(
        make_problem(400, "invalid_argument", "config: must be an object"));
    if (auto why = secret_in(*config, ex->context().config.keys); !why.empty())
      return ex->reply(make_problem(400, "invalid_argument", std::move(why)));
    wanted.config = *config;
  }
  ex->ask<job_made>(
    ex->actors().dispatcher,
    [ex, id = wanted.job](job_made& x) {
      reply_made(ex, id, x, "Job rerun started");
    },
    atom::rerun_v, wanted);
}

// Has another job made of the one that the path names.
template <class Verb>
void make_another(const exchange_ptr& ex, Verb verb, const char* in_step,
                  const char* alone) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  ex->ask<job_made>(
    ex->actors().job_manager,
    [ex, id, in_step, alone](job_made& x) {
      reply_made(ex, id, x, x.step ? in_step : alone);
    },
    verb, id);
}

void copy_job(const exchange_ptr& ex) {
  constexpr auto message = "Job copied; it waits until it is rerun";
  make_another(ex, atom::copy_v, message, message);
}

void retry_job(const exchange_ptr& ex) {
  make_another(ex, atom::retry_v, "Job retried in its step",
               "Job retried as a job of its own");
}

void label_job(const exchange_ptr& ex) {
  job_id id;
  label_change change;
  value body;
  if (!ex->job_param(0, id) || !read_object(ex, {"name", "description"}, body)
      || !read_text(ex, body, "name", change.name)
      || !read_text(ex, body, "description", change.description))
    return;
  if (!change.name && !change.description)
    return ex->reply(make_problem(400, "invalid_argument",
                                  "name or description: one must be given"));
  ex->ask<void>(
    ex->actors().job_manager,
    [ex, id] {
      ex->ask<job_view>(
        ex->actors().reader,
        [ex](job_view& x) {
          with_live_counts(ex, {x}, [ex, x](const counts_by_job& live) {
            auto i = live.find(x.job.id);
            ex->reply(i == live.end() ? job_json(x) : job_json(x, i->second));
          });
        },
        atom::get_v, id);
    },
    atom::put_v, id, change);
}

// -- how it is ----------------------------------------------------------------

// From 0 to 1: a run by its steps, of which those that have not begun count,
// too; a step by its jobs.
double progress_of(const job_view& x, const child_counts& counts,
                   const std::optional<run_progress>& live) {
  auto part = [](const child_counts& y) {
    return y.total() == 0 ? 0.0
                          : static_cast<double>(y.total() - y.open())
                              / static_cast<double>(y.total());
  };
  if (is_terminal(x.state.status))
    return 1.0;
  const bool is_run = x.job.type == manager_job_type;
  if (!live || !is_run || live->steps.empty())
    return part(counts);
  double sum = 0.0;
  for (const auto& step : live->steps)
    sum += is_terminal(step.status) ? 1.0 : part(step.children);
  return sum / static_cast<double>(live->steps.size());
}

value status_json(const job_view& x, const child_counts& counts,
                  const std::optional<run_progress>& live) {
  const auto done = progress_of(x, counts, live);
  auto out = value::make_object({{"job_id", to_string(x.job.id)},
                                 {"status", to_string(x.state.status)},
                                 {"total_children", counts.total()},
                                 {"completed_count", counts.completed},
                                 {"failed_count", counts.failed},
                                 {"running_count", counts.running},
                                 {"pending_count", counts.pending},
                                 {"cancelled_count", counts.cancelled},
                                 {"overall_progress", done}});
  if (x.state.status == job_status::running && done > 0.0) {
    const auto spent
      = static_cast<double>(duration_ms(x.state, system_wall_clock().now()));
    out.set("estimated_time_ms",
            static_cast<int64_t>(spent * (1.0 - done) / done));
  }
  out.set("parent_job", job_json(x, counts));
  return out;
}

void get_status(const exchange_ptr& ex) {
  job_id id;
  if (!ex->job_param(0, id))
    return;
  ex->ask<job_view>(
    ex->actors().reader,
    [ex](job_view& x) {
      if (!has_live_counts(x))
        return ex->reply(status_json(x, x.state.children, {}));
      with_progress(ex, x.job.manager_id,
                    [ex, x](const std::optional<run_progress>& live) {
                      auto counts = x.state.children;
                      if (live && x.job.type == manager_job_type)
                        counts = live->children;
                      if (live)
                        for (const auto& step : live->steps)
                          if (step.id == x.job.id)
                            counts = step.children;
                      ex->reply(status_json(x, counts, live));
                    });
    },
    atom::get_v, id);
}

} // namespace

const std::vector<route>& life_routes() {
  static const std::vector<route> routes{
    {"PUT", "/api/jobs/{id}", label_job, access::operate},
    {"DELETE", "/api/jobs/{id}", delete_job, access::operate},
    {"POST", "/api/jobs/{id}/rerun", rerun_job, access::submit},
    {"POST", "/api/jobs/{id}/copy", copy_job, access::submit},
    {"POST", "/api/jobs/{id}/retry", retry_job, access::submit},
    {"GET", "/api/jobs/{id}/status", get_status},
  };
  return routes;
}

} // namespace quaero
