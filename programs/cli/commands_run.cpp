#include "programs/cli/declare.hpp"
#include "programs/cli/follow.hpp"
#include "programs/cli/settings.hpp"

#include <CLI/Error.hpp>

#include <vector>

namespace quaero::cli {

namespace {

struct run_options {
  std::string id;
  bool follow = false;
  std::vector<std::string> set;
};

int run_definition(command_context& context, const run_options& options) {
  auto body = value::make_object();
  if (!options.set.empty() && !read_settings(context.to, options.set, body))
    return exit_usage;
  auto x
    = ask(context, json_request("POST",
                                "/api/job-definitions/"
                                  + percent_encode(options.id) + "/execute",
                                options.set.empty() ? value{} : body));
  if (!x.ok())
    return x.exit;
  auto job = text_of(x.json, "job_id");
  if (options.follow) {
    if (!context.json)
      context.to.out << one_line(text_of(x.json, "job_name")) << "  "
                     << one_line(job) << '\n';
    return follow_run(context, job);
  }
  if (context.json)
    print_json(context, x);
  else
    context.to.out << one_line(job) << '\n';
  return exit_ok;
}

} // namespace

void add_run_command(CLI::App& app, command_context& context) {
  auto options = std::make_shared<run_options>();
  auto& sub = declare_command(
    app, {"run", "Run a definition",
          "quaero run handbook --follow\n"
          "quaero run notes --set folder=/srv/notes --set max_files=100",
          "Definitions and runs"});
  sub.add_option("ID", options->id, "Id of a definition");
  sub.add_flag("-f,--follow", options->follow,
               "Show the progress until the run is over");
  add_set_option(sub, options->set);
  sub.callback([&context, options] {
    take_id_from_settings(options->id, options->set);
    if (options->id.empty())
      throw CLI::RequiredError("ID");
    context.action
      = [options](command_context& x) { return run_definition(x, *options); };
  });
}

} // namespace quaero::cli
