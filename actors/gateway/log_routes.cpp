#include "actors/gateway/log_merge.hpp"
#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace quaero {

namespace {

constexpr size_t lines_page = 1000;
constexpr size_t lines_page_live = 100; ///< /api/logs, as the pages use it.
constexpr size_t lines_page_max = 5000;
constexpr size_t lines_page_own = 500; ///< Of the daemon's own log.
constexpr size_t steps_max = 1000;     ///< Whose logs one answer merges.

const std::vector<std::string_view> orders{"asc", "desc"};

// Everything that a request for lines says.
struct lines_wanted {
  merge_query merge;
  std::string order;
  bool include_children = true;
};

log_level read_level(query_reader& query, std::string_view fallback) {
  auto text = query.text("level");
  log_level out{};
  if (!from_string(text.empty() ? fallback : text, out))
    query.refuse("level", "must be one of error, warn, info, debug, all");
  return out;
}

lines_wanted read_lines_wanted(query_reader& query, std::string_view level,
                               std::string_view order, size_t page) {
  lines_wanted out;
  out.merge.level = read_level(query, level);
  out.order = query.choice("order", order, orders);
  out.merge.newest = out.order == "desc";
  auto size = query.number("size", page, 1, lines_page_max);
  out.merge.limit = query.number("limit", size, 1, lines_page_max);
  out.merge.cursor = query.text("cursor");
  out.include_children = query.flag("include_children").value_or(true);
  return out;
}

// -- which logs ---------------------------------------------------------------

std::string step_name_of(const job_view& x) {
  return stored_json(x.job.metadata)
    .get_string("step_name")
    .value_or(x.job.type == step_job_type ? x.job.name : "");
}

using sources_handler = std::function<void(std::vector<log_source>)>;

// The log of a run is its own and those of its steps; the log of a step holds
// the lines of its jobs; any other job has lines in the log of its step only.
void find_sources(const exchange_ptr& ex, const job_view& x,
                  bool include_children, const sources_handler& done) {
  if (!include_children
      || (x.job.type != manager_job_type && x.job.type != step_job_type))
    return done({{x.job.id, step_name_of(x), true}});
  if (x.job.type == step_job_type)
    return done({{x.job.id, step_name_of(x), false}});
  auto steps = children_of(x.job.id, steps_max);
  auto own = log_source{x.job.id, {}, false};
  ex->ask<job_page>(
    ex->actors().reader,
    [=](job_page& page) {
      // By age: a step that starts later goes last, which cursors rely on.
      std::sort(
        page.jobs.begin(), page.jobs.end(),
        [](const auto& a, const auto& b) { return a.job.id < b.job.id; });
      std::vector<log_source> out{own};
      for (const auto& step : page.jobs)
        out.push_back({step.job.id, step_name_of(step), false});
      done(std::move(out));
    },
    atom::list_v, steps);
}

// -- lines with the names of their jobs ---------------------------------------

using jobs_by_id = std::map<job_id, queue_job>;

// Reads who said the lines; nobody is known if that fails.
void with_jobs(const exchange_ptr& ex, const merged_log& log,
               const std::function<void(const jobs_by_id&)>& done) {
  std::set<job_id> ids;
  for (const auto& x : log.lines)
    ids.insert(x.line.job);
  if (ids.empty())
    return done({});
  ex->ask_or<std::vector<loaded_job>>(
    ex->actors().reader,
    [done](std::vector<loaded_job>& xs) {
      jobs_by_id out;
      for (auto& x : xs)
        out.emplace(x.job.id, std::move(x.job));
      done(out);
    },
    [done](const caf::error&) { done({}); }, atom::load_v,
    id_list{{ids.begin(), ids.end()}});
}

value job_link(const queue_job& x) {
  auto id = to_string(x.id);
  return value::make_object(
    {{"job_name", x.name},
     {"job_url", "/job?id=" + id},
     {"job_depth", int{x.depth}},
     {"job_type", x.type},
     {"parent_id", x.parent_id ? value{to_string(x.parent_id)} : value{}}});
}

value enriched_lines(const merged_log& log, const jobs_by_id& jobs,
                     const std::map<job_id, std::string>& step_names) {
  value::array out;
  for (const auto& x : log.lines) {
    auto one = log_json(x);
    auto name = step_names.find(x.line.owner);
    one.set("step_name", name == step_names.end() ? "" : name->second);
    one.set("source_type", "");
    if (auto job = jobs.find(x.line.job); job != jobs.end()) {
      const auto link = job_link(job->second);
      for (const auto& [key, val] : link.as_object())
        one.set(key, val);
    }
    out.push_back(std::move(one));
  }
  return out;
}

value metadata_json(const jobs_by_id& jobs) {
  auto out = value::make_object();
  for (const auto& [id, job] : jobs)
    out.set(to_string(id), job_link(job));
  return out;
}

// Merges what belongs to a job and answers it; `head` goes first.
void reply_merged(const exchange_ptr& ex, const job_view& x,
                  const lines_wanted& wanted, const value& head) {
  find_sources(ex, x, wanted.include_children, [=](auto sources) {
    std::map<job_id, std::string> names;
    for (const auto& source : sources)
      names.emplace(source.own_lines ? x.job.step_id : source.id,
                    source.step_name);
    auto merge
      = std::make_shared<log_merge>(ex, std::move(sources), wanted.merge);
    merge->start([=](merged_log& merged) {
      auto log = std::make_shared<merged_log>(std::move(merged));
      with_jobs(ex, *log, [=](const jobs_by_id& jobs) {
        auto out = head;
        out.set("job_id", to_string(x.job.id));
        out.set("logs", enriched_lines(*log, jobs, names));
        out.set("count", uint64_t{log->lines.size()});
        out.set("total_count", log->total);
        out.set("limit", uint64_t{wanted.merge.limit});
        out.set("order", wanted.order);
        out.set("level", to_string(wanted.merge.level));
        out.set("include_children", wanted.include_children);
        out.set("metadata", metadata_json(jobs));
        out.set("next_cursor", log->next_cursor);
        ex->reply(out);
      });
    });
  });
}

void with_job(const exchange_ptr& ex, const job_id& id,
              const std::function<void(const job_view&)>& done) {
  ex->ask<job_view>(
    ex->actors().reader, [done](job_view& x) { done(x); }, atom::get_v, id);
}

void aggregated_logs(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  auto wanted = read_lines_wanted(query, "all", "asc", lines_page);
  if (!query.ok())
    return ex->reply(query.problem());
  job_id id;
  if (ex->job_param(0, id))
    with_job(ex, id, [=](const job_view& x) {
      reply_merged(ex, x, wanted, value::make_object());
    });
}

// -- lines of one job ---------------------------------------------------------

void own_logs(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  auto wanted = read_lines_wanted(query, "info", "desc", lines_page);
  if (!query.ok())
    return ex->reply(query.problem());
  job_id id;
  if (!ex->job_param(0, id))
    return;
  storage::log_query lines;
  lines.level = wanted.merge.level;
  lines.limit = wanted.merge.limit;
  lines.newest = wanted.merge.newest;
  ex->ask<log_page>(
    ex->actors().reader,
    [=](log_page& page) {
      if (wanted.merge.newest)
        std::reverse(page.lines.begin(), page.lines.end());
      value::array out;
      for (const auto& x : page.lines)
        out.push_back(log_json(x));
      ex->reply(value::make_object({{"job_id", to_string(id)},
                                    {"logs", std::move(out)},
                                    {"count", uint64_t{page.lines.size()}},
                                    {"limit", uint64_t{wanted.merge.limit}},
                                    {"order", wanted.order},
                                    {"level", to_string(wanted.merge.level)}}));
    },
    atom::log_v, atom::get_v, id, lines);
}

// -- lines of one step --------------------------------------------------------

value step_lines(const job_view& step, const std::string& name,
                 const log_page& page) {
  value::array lines;
  for (const auto& x : page.lines)
    lines.push_back(step_log_json(x));
  return value::make_object({{"step_name", name},
                             {"step_id", to_string(step.job.id)},
                             {"status", to_string(step.state.status)},
                             {"logs", std::move(lines)},
                             {"total_count", page.total},
                             {"unfiltered_count", page.unfiltered_total}});
}

void reply_step(const exchange_ptr& ex, const job_view& step,
                const std::string& name, const lines_wanted& wanted) {
  storage::log_query lines;
  lines.level = wanted.merge.level;
  lines.limit = wanted.merge.limit;
  lines.newest = wanted.merge.newest;
  ex->ask<log_page>(
    ex->actors().reader,
    [=](log_page& page) {
      ex->reply(value::make_object(
        {{"job_id", to_string(step.job.id)},
         {"steps", value::make_array({step_lines(step, name, page)})}}));
    },
    atom::log_v, step.job.id, lines);
}

// The job may be the step itself, or the run that has a step of that name.
void step_logs(const exchange_ptr& ex, const job_view& x,
               const std::string& name, const lines_wanted& wanted) {
  if (x.job.type != manager_job_type)
    return reply_step(ex, x, name, wanted);
  auto steps = children_of(x.job.id, steps_max);
  ex->ask<job_page>(
    ex->actors().reader,
    [=](job_page& page) {
      const job_view* found = nullptr;
      for (const auto& step : page.jobs)
        if (step_name_of(step) == name
            && (!found || found->job.id < step.job.id))
          found = &step;
      if (found)
        return reply_step(ex, *found, name, wanted);
      ex->fail(make_error(ec::not_found, "the run has no step '" + name
                                           + "' that has started"));
    },
    atom::list_v, steps);
}

// -- lines of the daemon itself -----------------------------------------------

void service_logs(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  const auto level = read_level(query, "info");
  const auto limit = query.number("limit", lines_page_live, 1, lines_page_own);
  const auto order = query.choice("order", "desc", orders);
  if (!query.ok())
    return ex->reply(query.problem());
  auto found = log::recent(0, limit, level, order == "desc");
  if (order == "desc")
    std::reverse(found.begin(), found.end());
  value::array lines;
  for (const auto& x : found)
    lines.push_back(value::make_object({{"index", x.index},
                                        {"timestamp", to_rfc3339_ns(x.at)},
                                        {"level", to_string(x.level)},
                                        {"message", x.message}}));
  ex->reply(value::make_object({{"scope", "service"},
                                {"logs", std::move(lines)},
                                {"count", uint64_t{found.size()}},
                                {"limit", uint64_t{limit}},
                                {"order", order},
                                {"level", to_string(level)}}));
}

void scoped_logs(const exchange_ptr& ex) {
  query_reader query{ex->request()};
  // Who names a job means its lines.
  const auto scope
    = query.choice("scope", query.text("job_id").empty() ? "service" : "job",
                   {"service", "job"});
  if (query.ok() && scope == "service")
    return service_logs(ex);
  auto wanted = read_lines_wanted(query, "info", "desc", lines_page_live);
  auto name = query.text("step");
  job_id id;
  if (!from_string(query.text("job_id"), id))
    query.refuse("job_id", "must be a job id (a UUID)");
  if (!query.ok())
    return ex->reply(query.problem());
  with_job(ex, id, [=](const job_view& x) {
    if (!name.empty())
      return step_logs(ex, x, name, wanted);
    reply_merged(ex, x, wanted, value::make_object({{"scope", "job"}}));
  });
}

} // namespace

const std::vector<route>& log_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/logs", scoped_logs},
    {"GET", "/api/jobs/{id}/logs", own_logs},
    {"GET", "/api/jobs/{id}/logs/aggregated", aggregated_logs},
  };
  return routes;
}

} // namespace quaero
