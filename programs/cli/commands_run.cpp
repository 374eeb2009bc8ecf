#include "definitions/json.hpp"
#include "programs/cli/command.hpp"
#include "programs/cli/follow.hpp"

#include <CLI/Error.hpp>

#include <vector>

namespace quaero::cli {

namespace {

struct run_options {
  std::string id;
  bool follow = false;
  std::vector<std::string> set;
};

// What people write after "key=": a JSON value if it is one, else text.
value read_setting(const std::string& text) {
  value result;
  std::string error;
  return parse_json(text, result, error) ? result : value{text};
}

// @returns the body of the request, or nothing after a message.
std::optional<std::string> body_of(const console& to,
                                   const std::vector<std::string>& set) {
  if (set.empty())
    return "";
  auto config = value::make_object();
  for (const auto& item : set) {
    auto equals = item.find('=');
    if (equals == 0 || equals == std::string::npos) {
      to.err << "quaero: --set " << item
             << ": write it as key=value, for example --set max_pages=10\n";
      return std::nullopt;
    }
    config.set(item.substr(0, equals), read_setting(item.substr(equals + 1)));
  }
  return to_json(value::make_object({{"config", std::move(config)}}));
}

int run_definition(command_context& context, const run_options& options) {
  auto body = body_of(context.to, options.set);
  if (!body)
    return exit_usage;
  auto x = ask(context, {.method = "POST",
                         .target = "/api/job-definitions/"
                                   + percent_encode(options.id) + "/execute",
                         .body = *body,
                         .content_type = "application/json"});
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
  auto* sub = app.add_subcommand("run", "Run a definition")->fallthrough();
  sub->add_option("ID", options->id, "Id of a definition");
  sub->add_flag("-f,--follow", options->follow,
                "Show the progress until the run is over");
  sub->add_option("--set", options->set,
                  "key=value for {config.key}; a number, true, false or a "
                  "JSON text keeps its type");
  sub->callback([&context, options] {
    auto& set = options->set;
    // --set takes all that follows; what is no key=value was meant as the ID.
    if (options->id.empty() && !set.empty()
        && set.back().find('=') == std::string::npos) {
      options->id = set.back();
      set.pop_back();
    }
    if (options->id.empty())
      throw CLI::RequiredError("ID");
    context.action
      = [options](command_context& x) { return run_definition(x, *options); };
  });
}

} // namespace quaero::cli
