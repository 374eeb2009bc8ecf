#include "programs/cli/follow.hpp"
#include "programs/cli/job_query.hpp"
#include "programs/cli/list.hpp"
#include "programs/cli/logs.hpp"
#include "programs/cli/progress.hpp"
#include "programs/cli/table.hpp"

#include <array>

namespace quaero::cli {

namespace {

struct job_list_options {
  job_query query;
  list_options list;
};

// From start to end, as far as both are known.
std::string time_taken(const value& job) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  timestamp from;
  timestamp to;
  auto end = text_of(job, "finished_at");
  if (end.empty())
    end = text_of(job, "completed_at");
  if (!from_rfc3339(text_of(job, "started_at"), from) || !from_rfc3339(end, to))
    return "";
  return duration_text(duration_cast<milliseconds>(to - from).count());
}

const list_column id_column{.heading = "ID", .member = "id"};
const list_column name_column{
  .heading = "NAME", .member = "name", .shrinks = true};
const list_column status_column{
  .heading = "STATUS", .member = "status", .status = true};
const list_column age_column{
  .heading = "AGE", .member = "created_at", .right = true, .age = true};
const list_column time_column{
  .heading = "TIME", .text = time_taken, .right = true};

int list_jobs(command_context& context, const job_list_options& options) {
  bool runs = !options.list.all && !options.query.below_runs();
  list_format format{.target = "/api/jobs",
                     .items = "jobs",
                     .noun = runs ? "runs" : "jobs",
                     .columns = {},
                     .when_empty = "There are no such jobs. Start one with: "
                                   "quaero run ID"};
  if (runs) {
    add_query(format.target, "parent_id", "root");
    format.columns
      = {id_column,
         name_column,
         status_column,
         age_column,
         time_column,
         {.heading = "DOCS", .member = "document_count", .right = true}};
  } else {
    format.columns
      = {id_column,   {.heading = "TYPE", .member = "type", .shrinks = true},
         name_column, status_column,
         age_column,  time_column};
  }
  add_query(format.target, "q", to_query(options.query));
  return show_list(context, format, options.list);
}

// What is shown of one job, in this order, where it has it.
constexpr std::array job_fields{"id",
                                "name",
                                "description",
                                "type",
                                "status",
                                "warning",
                                "error",
                                "queue",
                                "priority",
                                "unique_key",
                                "parent_id",
                                "manager_id",
                                "rerun_of",
                                "retry_of",
                                "created_at",
                                "run_at",
                                "expires_at",
                                "started_at",
                                "finished_at",
                                "attempt",
                                "child_count",
                                "completed_children",
                                "failed_children",
                                "cancelled_children",
                                "running_children",
                                "pending_children",
                                "document_count"};

int show_job(command_context& context, const std::string& id) {
  return show_answer(context, job_path(id), [&](const value& x) {
    field_list fields;
    for (const char* name : job_fields)
      fields.emplace_back(name, text_of(x, name));
    fields.emplace_back("tags", list_text(x, "tags"));
    if (const auto* config = x.find("config"); config != nullptr
                                               && config->is_object()
                                               && !config->as_object().empty())
      fields.emplace_back("config", text_of(x, "config"));
    print_fields(context.to, fields);
  });
}

int show_tree(command_context& context, const std::string& id) {
  auto x = ask(context, {.target = job_path(id) + "/tree"});
  if (!x.ok())
    return x.exit;
  run_progress run;
  if (context.json || !read_progress(x.json, run)) {
    print_json(context, x);
    return exit_ok;
  }
  print_fields(context.to, {{"run", run.name + "  " + run.job_id},
                            {"status", run.status},
                            {"error", run.error},
                            {"time", duration_text(run.duration_ms)}});
  context.to.out << '\n';
  print_steps(context.to, run);
  return exit_ok;
}

int explain_job(command_context& context, const std::string& id) {
  return show_answer(context, job_path(id) + "/explain", [&](const value& x) {
    field_list fields{{"job", text_of(x, "job_id")},
                      {"status", text_of(x, "state")},
                      {"reason", text_of(x, "reason")},
                      {"detail", text_of(x, "detail")}};
    if (const auto* values = x.find("values"))
      for (auto& field : flat_fields(*values))
        fields.push_back(std::move(field));
    print_fields(context.to, fields);
  });
}

void add_list(CLI::App& group, command_context& context) {
  auto [sub, options]
    = declare(group, context,
              {"list",
               "List runs, newest first\n\n"
               "With a query that asks for jobs below runs, or with --all, "
               "also their\nsteps and jobs.",
               "quaero jobs list\n"
               "quaero jobs list --status failed,cancelled\n"
               "quaero jobs list -q 'state:failed type:crawler_url age<2d'\n"
               "quaero jobs list --parent ID --all"},
              list_jobs);
  add_query_options(sub, options.query);
  add_list_options(sub, options.list);
}

void add_logs(CLI::App& group, command_context& context) {
  auto [sub, options] = declare(group, context,
                                {"logs",
                                 "Print the log of a job and of what is "
                                 "below it",
                                 "quaero jobs logs ID\n"
                                 "quaero jobs logs ID --follow --level warn"},
                                show_logs);
  sub.add_option("ID", options.id, "Id of a job")->required();
  sub.add_flag("-f,--follow", options.follow,
               "All lines, and new ones until the job is over");
  add_value(sub, "--level", options.level, "LEVEL",
            "The least important level shown: debug, info, warn or error")
    ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  add_value(sub, "--limit", options.limit, "N",
            "The newest N lines, without --follow (default: 200)")
    ->check(CLI::Range(1, log_lines_max));
}

} // namespace

void add_job_commands(CLI::App& app, command_context& context) {
  auto& group = declare_group(app, {"jobs", "Runs, their steps and jobs",
                                    "quaero jobs list\n"
                                    "quaero jobs follow ID",
                                    "Jobs and queues"});
  constexpr const char* what = "Id of a job";
  add_list(group, context);
  declare_with_id(group, context,
                  {"show", "Print one job", "quaero jobs show ID"}, what,
                  show_job);
  declare_with_id(group, context,
                  {"tree", "Print the steps of a run", "quaero jobs tree ID"},
                  what, show_tree);
  declare_with_id(group, context,
                  {"follow", "Show the progress of a job until it is over",
                   "quaero jobs follow ID"},
                  what, follow_job);
  add_logs(group, context);
  declare_with_id(
    group, context,
    {"explain", "Say why a job is where it is", "quaero jobs explain ID"}, what,
    explain_job);
  add_job_changes(group, context);
}

} // namespace quaero::cli
