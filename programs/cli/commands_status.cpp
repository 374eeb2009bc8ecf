#include "definitions/json.hpp"
#include "programs/cli/command.hpp"
#include "programs/cli/table.hpp"

namespace quaero::cli {

namespace {

int show_status(command_context& context) {
  auto status = ask(context, {.target = "/api/status"});
  if (!status.ok())
    return status.exit;
  if (context.json) {
    print_json(context, status);
    return exit_ok;
  }
  auto version = ask(context, {.target = "/api/version"});
  if (!version.ok())
    return version.exit;
  auto stats = ask(context, {.target = "/api/jobs/stats"});
  if (!stats.ok())
    return stats.exit;
  print_fields(context.to,
               {{"server", server_url(context)},
                {"version", text_of(version.json, "version")},
                {"state", text_of(status.json, "state")},
                {"jobs", text_of(stats.json, "total_jobs")},
                {"  pending", text_of(stats.json, "pending_jobs")},
                {"  running", text_of(stats.json, "running_jobs")},
                {"  completed", text_of(stats.json, "completed_jobs")},
                {"  failed", text_of(stats.json, "failed_jobs")},
                {"  cancelled", text_of(stats.json, "cancelled_jobs")}});
  return exit_ok;
}

} // namespace

void add_status_command(CLI::App& app, command_context& context) {
  app.add_subcommand("status", "How the daemon is")
    ->fallthrough()
    ->callback([&context] { context.action = show_status; });
}

} // namespace quaero::cli
