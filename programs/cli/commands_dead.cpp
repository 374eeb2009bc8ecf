#include "programs/cli/follow.hpp"
#include "programs/cli/job_query.hpp"
#include "programs/cli/list.hpp"
#include "programs/cli/operations.hpp"

/// Dead letters: jobs that failed for good.
namespace quaero::cli {

namespace {

struct dead_options {
  std::vector<std::string> ids;
  job_query query;
  std::string reason;
  bool all = false;
  bulk_options bulk;
};

struct dead_list_options {
  job_query query;
  std::string reason;
  list_options list;
};

void add_which(CLI::App& sub, job_query& query, std::string& reason) {
  add_query_options(sub, query);
  add_value(sub, "--reason", reason, "LIST",
            "Why: attempts_exhausted, not_retryable, expired, quarantined, "
            "timed_out");
}

int list_dead(command_context& context, const dead_list_options& options) {
  list_format format{
    .target = "/api/dead-letters",
    .items = "dead_letters",
    .noun = "dead letters",
    .columns = {{.heading = "ID", .member = "id"},
                {.heading = "TYPE", .member = "type", .shrinks = true},
                {.heading = "NAME", .member = "name", .shrinks = true},
                {.heading = "REASON", .member = "failure_reason"},
                {.heading = "ATTEMPT", .member = "attempt", .right = true},
                {.heading = "ENDED",
                 .member = "finished_at",
                 .right = true,
                 .age = true},
                {.heading = "ERROR", .member = "error", .shrinks = true}},
    .when_empty = "There are no such dead letters."};
  add_query(format.target, "q", to_query(options.query));
  add_query(format.target, "reason", options.reason);
  return show_list(context, format, options.list);
}

http_request change_of(const std::string& action, const std::string& id) {
  const auto target = "/api/dead-letters/" + percent_encode(id);
  if (action == "delete")
    return {.method = "DELETE", .target = target};
  return json_request("POST", target + "/retry", {});
}

int change_one(command_context& context, const std::string& action,
               const std::string& id) {
  auto x = ask(context, change_of(action, id));
  if (!x.ok())
    return x.exit;
  return print_done(context, x,
                    action == "delete" ? id + " deleted"
                                       : text_of(x.json, "new_job_id"));
}

int change_dead(command_context& context, const dead_options& options) {
  const auto query = to_query(options.query);
  const bool some = options.all || !query.empty() || !options.reason.empty();
  if (options.ids.empty() != some) {
    context.to.err << "quaero: name dead letters by their ids, or by -q QUERY, "
                      "its short forms, --reason or --all; not both\n";
    return exit_usage;
  }
  if (!some && options.bulk.dry_run) {
    context.to.err << "quaero: --dry-run is not for ids\n";
    return exit_usage;
  }
  if (!some)
    return for_each_in_turn(options.ids, [&](const auto& id) {
      return change_one(context, options.bulk.action, id);
    });
  auto bulk = options.bulk;
  bulk.query = "dead:" + (options.reason.empty() ? "any" : options.reason);
  if (!query.empty())
    bulk.query += ' ' + query;
  return run_operation(context, bulk);
}

void add_change(CLI::App& group, command_context& context,
                const command_text& text, const char* action) {
  auto [sub, options] = declare(group, context, text, change_dead);
  options.bulk.action = action;
  sub.add_option("ID", options.ids, "Ids of dead letters");
  add_which(sub, options.query, options.reason);
  sub.add_flag("--all", options.all, "All dead letters");
  sub.add_flag("--dry-run", options.bulk.dry_run,
               "Without ids: only say how many match");
  sub.add_flag("--yes", options.bulk.yes, "Without ids: do not ask");
}

} // namespace

void add_dead_commands(CLI::App& app, command_context& context) {
  auto& group
    = declare_group(app, {"dead", "Dead letters: jobs that failed for good",
                          "quaero dead list\n"
                          "quaero dead retry --reason timed_out",
                          "Jobs and queues"});
  auto [sub, options]
    = declare(group, context,
              {"list", "List dead letters, newest first",
               "quaero dead list\n"
               "quaero dead list --reason expired,quarantined\n"
               "quaero dead list -q 'type:crawler_url age>1d'"},
              list_dead);
  add_which(sub, options.query, options.reason);
  add_list_options(sub, options.list);
  add_change(group, context,
             {"retry", "Try dead letters again, as new jobs",
              "quaero dead retry ID\n"
              "quaero dead retry --type crawler_url --yes"},
             "retry");
  add_change(group, context,
             {"purge", "Delete dead letters",
              "quaero dead purge ID\n"
              "quaero dead purge -q 'age>30d' --dry-run"},
             "delete");
}

} // namespace quaero::cli
