#include "programs/cli/command.hpp"

#include "programs/cli/connection.hpp"
#include "programs/cli/declare.hpp"
#include "programs/cli/help.hpp"

#include <CLI/CLI.hpp>

namespace quaero::cli {

namespace {

constexpr const char* examples_and_codes
  = "quaero run handbook --follow\n"
    "quaero jobs list --status failed\n"
    "quaero jobs logs ID --follow\n"
    "quaero top\n"
    "\n"
    "The options above may also stand behind a command.\n"
    "\nA token is never an option, where others could read it. It is in\n"
    "QUAERO_TOKEN, in the file of --token-file, or comes with --data-dir.\n"
    "\nExit codes:\n"
    "  0    done\n"
    "  1    the job failed or was cancelled, an operation did not do all of\n"
    "       it, a definition is not valid, or the answer to a question was no\n"
    "  2    the command line is wrong, or a file that it names\n"
    "  3    there is no such job, definition or document\n"
    "  4    the daemon cannot be reached, or could not answer\n"
    "  5    the daemon refused\n"
    "  130  Ctrl-C; what was followed goes on\n";

void add_global_options(CLI::App& app, command_context& context) {
  add_value(app, "--server", context.server, "URL",
            "Address of the daemon (or QUAERO_SERVER; default: "
              + std::string{server_default} + ")");
  add_value(app, "--data-dir", context.data_dir, "DIR",
            "Folder of a daemon on this machine: its address and its token");
  add_value(app, "--token-file", context.token_file, "FILE",
            "File with the token (or QUAERO_TOKEN with the token itself)");
  add_value(
    app, "--ca", context.ca_file, "FILE",
    "Certificate to trust, PEM, of a daemon with TLS (or QUAERO_CA_FILE)");
  app.add_flag("--json", context.json, "Print the answer of the API as it is");
  app.add_flag("--no-input", context.no_input, "Never ask, fail instead");
  add_value(app, "--color", context.colours, "WHEN",
            "auto, always or never; auto is on a terminal without NO_COLOR")
    ->check(CLI::IsMember({"auto", "always", "never"}));
}

// CLI11 puts the name of the command itself behind what it is given.
std::string parent_of(const std::string& name) {
  return name.substr(0, name.rfind(' '));
}

void apply_choices(command_context& context) {
  if (context.colours != "auto")
    context.to.colours = context.colours == "always";
}

// "help jobs list" is how people type "jobs list --help".
int show_help(const CLI::App& app, int argc, const char* const* argv,
              const console& to) {
  std::string name;
  const auto& command = command_of(app, argc - 1, argv + 1, name);
  to.out << command.help(name.empty() ? "" : parent_of("quaero " + name));
  return exit_ok;
}

// What CLI11 says, made better where somebody mistyped a word.
int explain(const CLI::App& app, const CLI::ParseError& error, int argc,
            const char* const* argv, const console& to) {
  std::string name;
  const auto& command = command_of(app, argc, argv, name);
  auto full = "quaero" + (name.empty() ? "" : ' ' + name);
  if (auto text = unknown_word(app, argc, argv); !text.empty()) {
    to.err << "quaero: " << one_line(text) << "\nSee what there is: " << full
           << " --help\n";
    return exit_usage;
  }
  if (command.get_require_subcommand_min() > 0) {
    to.err << command.help(name.empty() ? "" : parent_of(full));
    return exit_usage;
  }
  to.err << "quaero: " << one_line(error.what())
         << "\nSee how it is used: " << full << " --help\n";
  return exit_usage;
}

} // namespace

void add_commands(CLI::App& app, command_context& context) {
  app.formatter(help_format());
  app.set_help_flag("-h,--help", "Say how a command is used");
  add_global_options(app, context);
  add_definition_commands(app, context);
  add_run_command(app, context);
  add_enqueue_command(app, context);
  add_job_commands(app, context);
  add_operation_commands(app, context);
  add_dead_commands(app, context);
  add_queue_commands(app, context);
  add_document_commands(app, context);
  add_key_commands(app, context);
  add_daemon_commands(app, context);
  add_top_command(app, context);
  add_verify_command(app, context);
  add_stream_commands(app, context);
  add_access_commands(app, context);
  add_completion_command(app, context);
  app.footer(examples_and_codes);
}

int run_command_line(int argc, const char* const* argv,
                     command_context& context) {
  CLI::App app{"Runs job definitions on a quaerod daemon and shows what they "
               "do.",
               "quaero"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "quaero " QUAERO_VERSION);
  try {
    add_commands(app, context);
    if (argc > 1 && std::string_view{argv[1]} == "help")
      return show_help(app, argc, argv, context.to);
    app.parse(argc, argv);
    apply_choices(context);
    int code = context.action(context);
    context.to.out.flush();
    return code;
  } catch (const CLI::ParseError& x) {
    if (x.get_exit_code() != 0)
      return explain(app, x, argc, argv, context.to);
    app.exit(x, context.to.out, context.to.err); // --help, --version
    return exit_ok;
  } catch (const std::exception& x) {
    context.to.err << "quaero: " << one_line(x.what()) << '\n';
    return exit_failed;
  }
}

} // namespace quaero::cli
