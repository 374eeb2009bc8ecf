#include "programs/cli/follow.hpp"
#include "programs/cli/job_query.hpp"
#include "programs/cli/list.hpp"
#include "programs/cli/operations.hpp"
#include "programs/cli/settings.hpp"

#include <CLI/Error.hpp>

/// What changes jobs: one, some, or all that match a query.
namespace quaero::cli {

namespace {

struct change_options {
  std::vector<std::string> ids;
  job_query query;
  bulk_options bulk;
};

struct rerun_options {
  std::string id;
  std::string from;
  std::vector<std::string> set;
  bool follow = false;
};

struct label_options {
  std::string id;
  std::string name;
  std::string description;
  bool has_name = false;
  bool has_description = false;
};

http_request change_of(const std::string& action, const std::string& id) {
  if (action == "delete")
    return {.method = "DELETE", .target = job_path(id)};
  return json_request("POST", job_path(id) + '/' + action, {});
}

std::string sentence_of(const std::string& action, const std::string& id,
                        const value& json) {
  if (action == "cancel")
    return id + " cancelled";
  if (action == "retry")
    return text_of(json, "new_job_id");
  auto below = json.get_int("cascade_deleted").value_or(0);
  return id + " deleted"
         + (below > 0 ? " with " + count_text(below) + " jobs below it" : "");
}

int change_one(command_context& context, const std::string& action,
               const std::string& id) {
  auto x = ask(context, change_of(action, id));
  return x.ok() ? print_done(context, x, sentence_of(action, id, x.json))
                : x.exit;
}

int change_jobs(command_context& context, const change_options& options) {
  auto bulk = options.bulk;
  bulk.query = to_query(options.query);
  const auto& ids = options.ids;
  if (ids.empty() == bulk.query.empty()) {
    context.to.err << "quaero: name the jobs by their ids, or by -q QUERY "
                      "and its short forms; not both. All jobs there are: -q "
                      "'age>0s'\n";
    return exit_usage;
  }
  if (!ids.empty() && bulk.dry_run) {
    context.to.err << "quaero: --dry-run is for -q QUERY\n";
    return exit_usage;
  }
  if (!ids.empty())
    return for_each_in_turn(ids, [&](const auto& id) {
      return change_one(context, bulk.action, id);
    });
  return run_operation(context, bulk);
}

// Prints the id of the job that was made, or follows it.
int show_made(command_context& context, const answer& x, bool follow) {
  auto id = text_of(x.json, "new_job_id");
  if (follow)
    return follow_job(context, id);
  return print_done(context, x, id);
}

int rerun_job(command_context& context, const rerun_options& options) {
  auto body = value::make_object();
  if (!options.from.empty())
    body.set("from", options.from);
  if (!options.set.empty() && !read_settings(context.to, options.set, body))
    return exit_usage;
  auto x
    = ask(context, json_request("POST", job_path(options.id) + "/rerun",
                                body.as_object().empty() ? value{} : body));
  return x.ok() ? show_made(context, x, options.follow) : x.exit;
}

int copy_job(command_context& context, const std::string& id) {
  auto x = ask(context, json_request("POST", job_path(id) + "/copy", {}));
  return x.ok() ? show_made(context, x, false) : x.exit;
}

int label_job(command_context& context, const label_options& options) {
  auto body = value::make_object();
  if (options.has_name)
    body.set("name", options.name);
  if (options.has_description)
    body.set("description", options.description);
  if (body.as_object().empty()) {
    context.to.err << "quaero: say what to change: --name TEXT or "
                      "--description TEXT\n";
    return exit_usage;
  }
  auto x = ask(context, json_request("PUT", job_path(options.id), body));
  return x.ok() ? print_done(context, x, options.id + " changed") : x.exit;
}

void add_change(CLI::App& group, command_context& context,
                const command_text& text) {
  auto [sub, options] = declare(group, context, text, change_jobs);
  options.bulk.action = text.name;
  sub.add_option("ID", options.ids, "Ids of jobs");
  add_query_options(sub, options.query);
  sub.add_flag("--dry-run", options.bulk.dry_run,
               "With a query: only say how many match");
  sub.add_flag("--yes", options.bulk.yes, "With a query: do not ask");
}

void add_rerun(CLI::App& group, command_context& context) {
  auto options = std::make_shared<rerun_options>();
  auto& sub = declare_command(
    group, {"rerun",
            "Run it again as a fresh run\n\n"
            "With --from what completed is kept, unless it depends on what "
            "runs again.",
            "quaero jobs rerun ID --follow\n"
            "quaero jobs rerun ID --from failed\n"
            "quaero jobs rerun ID --from crawl --set max_pages=10"});
  sub.add_option("ID", options->id, "Id of a run that is over");
  add_value(sub, "--from", options->from, "STEP",
            "failed, or the name of a step: where to begin");
  add_set_option(sub, options->set);
  sub.add_flag("-f,--follow", options->follow,
               "Show the progress until the run is over");
  sub.callback([&context, options] {
    take_id_from_settings(options->id, options->set);
    if (options->id.empty())
      throw CLI::RequiredError("ID");
    context.action
      = [options](command_context& x) { return rerun_job(x, *options); };
  });
}

void add_label(CLI::App& group, command_context& context) {
  auto options = std::make_shared<label_options>();
  auto& sub = declare_command(
    group, {"label", "Give a job another name or a description",
            "quaero jobs label ID --name 'Before the move'"});
  sub.add_option("ID", options->id, "Id of a job")->required();
  auto* name
    = add_value(sub, "--name", options->name, "TEXT", "Its name from now on");
  auto* text = add_value(sub, "--description", options->description, "TEXT",
                         "What it is about");
  sub.callback([&context, options, name, text] {
    options->has_name = name->count() > 0;
    options->has_description = text->count() > 0;
    context.action
      = [options](command_context& x) { return label_job(x, *options); };
  });
}

} // namespace

void add_job_changes(CLI::App& jobs, command_context& context) {
  add_change(jobs, context,
             {"cancel", "Cancel jobs and what is below them",
              "quaero jobs cancel ID\n"
              "quaero jobs cancel -q 'definition:handbook' --dry-run"});
  add_change(jobs, context,
             {"retry", "Try failed or cancelled jobs again, as new jobs",
              "quaero jobs retry ID\n"
              "quaero jobs retry -q 'state:failed type:crawler_url' --yes"});
  add_rerun(jobs, context);
  declare_with_id(jobs, context,
                  {"copy", "Make a job again as it was, and print its id",
                   "quaero jobs copy ID"},
                  "Id of a job", copy_job);
  add_change(jobs, context,
             {"delete", "Delete jobs that are over, and what is below them",
              "quaero jobs delete ID\n"
              "quaero jobs delete -q 'state:completed age>30d' --dry-run"});
  add_label(jobs, context);
}

} // namespace quaero::cli
