#include "programs/cli/list.hpp"
#include "programs/cli/table.hpp"

#include <functional>

/// How the daemon is.
namespace quaero::cli {

namespace {

constexpr const char* heading = "The daemon";
constexpr int depth_max = 32; // of the tree of actors that is shown

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

int show_health(command_context& context) {
  return show_answer(context, "/readyz", [&](const value& x) {
    context.to.out << one_line(text_of(x, "status")) << '\n';
  });
}

struct actor_row {
  std::string name;
  const value* actor;
};

// Everything below an actor, drawn as a tree.
void add_below(std::vector<actor_row>& rows, const console& to,
               const value& actor, const std::string& indent, int depth) {
  const auto& below = items_of(actor, "children");
  for (size_t i = 0; i < below.size() && depth < depth_max; ++i) {
    bool last = i + 1 == below.size();
    const char* branch
      = last ? (to.unicode ? "└ " : "` ") : (to.unicode ? "├ " : "| ");
    rows.push_back({indent + branch + text_of(below[i], "name"), &below[i]});
    add_below(rows, to, below[i],
              indent
                + (last         ? "  "
                   : to.unicode ? "│ "
                                : "| "),
              depth + 1);
  }
}

int show_actors(command_context& context) {
  return show_answer(context, "/api/actors", [&](const value& x) {
    std::vector<actor_row> rows{{text_of(x, "name"), &x}};
    add_below(rows, context.to, x, "", 0);
    table shown{{{.heading = "ACTOR", .shrinks = true},
                 {.heading = "MAILBOX", .right = true},
                 {.heading = "NUMBERS", .shrinks = true}}};
    for (const auto& row : rows) {
      std::string numbers;
      if (const auto* y = row.actor->find("numbers"))
        for (const auto& [name, text] : flat_fields(*y))
          numbers += (numbers.empty() ? "" : "  ") + name + ' ' + text;
      shown.add({row.name, text_of(*row.actor, "mailbox"), numbers});
    }
    shown.print(context.to);
  });
}

std::string next_of(const value& x) {
  const auto& times = items_of(x, "next_runs");
  return times.empty() || !times[0].is_string() ? "" : times[0].as_string();
}

std::string last_of(const value& x) {
  const auto* tick = x.find("last_tick");
  return tick == nullptr ? "" : text_of(*tick, "at");
}

std::string outcome_of(const value& x) {
  const auto* tick = x.find("last_tick");
  const auto* run = x.find("last_run");
  auto out = tick == nullptr ? "" : text_of(*tick, "outcome");
  if (out == "started" && run != nullptr && run->find("status") != nullptr)
    out = text_of(*run, "status");
  return out;
}

int list_schedules(command_context& context) {
  static const list_format format{
    .target = "/api/scheduler",
    .items = "schedules",
    .noun = "schedules",
    .columns
    = {{.heading = "DEFINITION", .member = "definition_id", .shrinks = true},
       {.heading = "SCHEDULE", .member = "schedule"},
       {.heading = "ZONE", .member = "time_zone"},
       {.heading = "ENABLED",
        .text =
          [](const value& x) {
            return std::string{x.get_bool("enabled").value_or(false) ? "yes"
                                                                     : "no"};
          }},
       {.heading = "NEXT", .text = next_of},
       {.heading = "LAST", .text = last_of},
       {.heading = "OUTCOME", .text = outcome_of},
       {.heading = "NAME", .member = "name", .shrinks = true}},
    .when_empty = "No definition has a schedule.",
    .page_max = 0};
  return show_list(context, format);
}

int show_config(command_context& context) {
  return show_answer(context, "/api/config", [&](const value& x) {
    const auto* config = x.find("config");
    print_fields(
      context.to,
      flat_fields(config != nullptr && config->is_object() ? *config : x));
  });
}

} // namespace

void add_daemon_commands(CLI::App& app, command_context& context) {
  declare_plain(app, context,
                {"status", "How the daemon is, and its jobs in numbers",
                 "quaero status", heading},
                show_status);
  declare_plain(app, context,
                {"health", "Whether the daemon is ready; 0 if it is",
                 "quaero health && echo ready", heading},
                show_health);
  add_node_commands(app, context);
  declare_plain(app, context,
                {"actors", "The tree of actors and how much waits for each",
                 "quaero actors", heading},
                show_actors);
  declare_plain(app, context,
                {"scheduler", "When definitions run by themselves",
                 "quaero scheduler", heading},
                list_schedules);
  auto& config = declare_group(
    app, {"config", "Settings of the daemon", "quaero config show", heading});
  declare_plain(
    config, context,
    {"show", "Print the settings in use, secrets masked", "quaero config show"},
    show_config);
}

} // namespace quaero::cli
