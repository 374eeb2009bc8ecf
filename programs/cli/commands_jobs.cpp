#include "definitions/time.hpp"
#include "programs/cli/command.hpp"
#include "programs/cli/follow.hpp"
#include "programs/cli/interrupts.hpp"
#include "programs/cli/logs.hpp"
#include "programs/cli/progress.hpp"
#include "programs/cli/table.hpp"

namespace quaero::cli {

namespace {

constexpr int list_limit_default = 20;
constexpr int list_limit_max = 500;

struct list_options {
  std::string status;
  bool all = false;
  int limit = list_limit_default;
};

std::string job_path(const std::string& id) {
  return "/api/jobs/" + percent_encode(id);
}

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

int list_jobs(command_context& context, const list_options& options) {
  auto target = "/api/jobs?limit=" + std::to_string(options.limit);
  if (!options.all)
    target += "&parent_id=root";
  if (!options.status.empty())
    target += "&status=" + percent_encode(options.status);
  auto x = ask(context, {.target = target});
  if (!x.ok())
    return x.exit;
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  const auto& jobs = items_of(x.json, "jobs");
  if (jobs.empty()) {
    context.to.err << "There are no such jobs. Start one with: quaero run ID\n";
    return exit_ok;
  }
  table rows{{{.heading = "ID"},
              {.heading = "NAME", .shrinks = true},
              {.heading = "STATUS", .status = true},
              {.heading = "CREATED", .shrinks = true},
              {.heading = "TIME", .right = true},
              {.heading = "DOCUMENTS", .right = true}}};
  for (const auto& job : jobs)
    rows.add({text_of(job, "id"), text_of(job, "name"), text_of(job, "status"),
              text_of(job, "created_at"), time_taken(job),
              text_of(job, "document_count")});
  rows.print(context.to);
  auto total = x.json.get_int("total_count").value_or(0);
  if (total > static_cast<int64_t>(jobs.size()))
    context.to.err << jobs.size() << " of " << total
                   << " jobs; see more with --limit\n";
  return exit_ok;
}

int show_job(command_context& context, const std::string& id) {
  auto x = ask(context, {.target = job_path(id)});
  if (!x.ok())
    return x.exit;
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  std::vector<std::pair<std::string, std::string>> fields;
  for (const char* name :
       {"id", "name", "type", "status", "error", "parent_id", "manager_id",
        "created_at", "started_at", "finished_at", "child_count",
        "completed_children", "failed_children", "cancelled_children",
        "running_children", "pending_children", "document_count"})
    fields.emplace_back(name, text_of(x.json, name));
  print_fields(context.to, fields);
  return exit_ok;
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

int cancel_job(command_context& context, const std::string& id) {
  auto x = ask(context, {.method = "POST",
                         .target = job_path(id) + "/cancel",
                         .content_type = "application/json"});
  if (!x.ok())
    return x.exit;
  if (context.json)
    print_json(context, x);
  else
    context.to.out << id << " cancelled\n";
  return exit_ok;
}

void add_list(CLI::App& group, command_context& context) {
  auto options = std::make_shared<list_options>();
  auto* sub
    = group.add_subcommand("list", "List runs, newest first")->fallthrough();
  sub->add_option("--status", options->status,
                  "Only those, for example running,failed");
  sub->add_flag("--all", options->all, "Also steps and their jobs");
  sub->add_option("--limit", options->limit, "How many at most")
    ->check(CLI::Range(1, list_limit_max))
    ->capture_default_str();
  sub->callback([&context, options] {
    context.action
      = [options](command_context& x) { return list_jobs(x, *options); };
  });
}

void add_logs(CLI::App& group, command_context& context) {
  auto options = std::make_shared<log_options>();
  auto* sub = group
                .add_subcommand("logs", "Print the log of a job and of what "
                                        "is below it")
                ->fallthrough();
  sub->add_option("ID", options->id, "Id of a job")->required();
  sub->add_flag("-f,--follow", options->follow,
                "Print all lines, and new ones until the job is over");
  sub->add_option("--level", options->level, "The least important level shown")
    ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
    ->capture_default_str();
  sub->add_option("--limit", options->limit, "The newest lines, without -f")
    ->check(CLI::Range(1, log_lines_max))
    ->capture_default_str();
  sub->callback([&context, options] {
    context.action
      = [options](command_context& x) { return show_logs(x, *options); };
  });
}

} // namespace

void add_job_commands(CLI::App& app, command_context& context) {
  auto* group = app.add_subcommand("jobs", "Runs, their steps and jobs");
  group->require_subcommand(1);
  group->fallthrough();
  add_list(*group, context);
  using action = int (*)(command_context&, const std::string&);
  auto with_id = [&](const char* name, const char* text, action f) {
    auto id = std::make_shared<std::string>();
    auto* sub = group->add_subcommand(name, text)->fallthrough();
    sub->add_option("ID", *id, "Id of a job")->required();
    sub->callback([&context, id, f] {
      context.action = [id, f](command_context& x) { return f(x, *id); };
    });
  };
  with_id("show", "Print one job", show_job);
  with_id("tree", "Print the steps of a run", show_tree);
  with_id("follow", "Show the progress of a run until it is over", follow_run);
  add_logs(*group, context);
  with_id("cancel", "Cancel a job and what is below it", cancel_job);
}

} // namespace quaero::cli
