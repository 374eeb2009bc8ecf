#include "programs/cli/command.hpp"

#include "definitions/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace quaero::cli {

namespace {

constexpr const char* exit_code_help
  = "\nThe options above may also stand behind a command.\n"
    "\nExit codes:\n"
    "  0    done\n"
    "  1    the job failed or was cancelled, or a definition is not valid\n"
    "  2    the command line is wrong\n"
    "  3    there is no such job, definition or document\n"
    "  4    the daemon cannot be reached, or could not answer\n"
    "  5    the daemon refused\n"
    "  130  Ctrl-C; what was followed goes on\n";

std::string trimmed(std::string text) {
  while (!text.empty()
         && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  return text;
}

// The address in a daemon's folder, or "".
std::string read_endpoint(const std::string& data_dir) {
  std::ifstream in{data_dir + "/endpoint"};
  std::string text(endpoint_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text.size() > endpoint_bytes_max ? "" : trimmed(std::move(text));
}

// Chooses the server: --server, --data-dir, QUAERO_SERVER, the default.
bool connect(command_context& context) {
  if (context.http)
    return true;
  auto server = context.server;
  if (server.empty() && !context.data_dir.empty()) {
    server = read_endpoint(context.data_dir);
    if (server.empty()) {
      context.to.err << "quaero: no daemon runs in " << context.data_dir
                     << " (there is no file 'endpoint'). Start it with: "
                        "quaerod --data-dir "
                     << context.data_dir << '\n';
      return false;
    }
  }
  if (const char* text = std::getenv("QUAERO_SERVER");
      server.empty() && text != nullptr)
    server = text;
  if (server.empty())
    server = server_default;
  context.http = make_http_client(server, interrupt_pending);
  return true;
}

int exit_code_of(int status) {
  if (status >= 200 && status < 300)
    return exit_ok;
  if (status == 404)
    return exit_not_found;
  return status >= 400 && status < 500 ? exit_refused : exit_unreachable;
}

// The sentence of a problem document, or of whatever else came.
std::string problem_text(const answer& x) {
  for (const char* name : {"detail", "error", "message", "title"})
    if (auto text = x.json.get_string(name); text && !text->empty())
      return one_line(*text);
  constexpr size_t shown_bytes_max = 200;
  auto text = one_line(x.text.substr(0, shown_bytes_max));
  return text.empty() ? "HTTP status " + std::to_string(x.status) : text;
}

std::string next_step(const answer& x) {
  switch (x.status) {
    case 404:
      return "List what there is: quaero jobs list, quaero definitions list, "
             "quaero documents list";
    case 409:
      return "See what runs: quaero jobs list --status running";
    case 429:
    case 503:
      return "Try again later, or look at: quaero status";
    default:
      return x.status >= 500 ? "Look into the daemon's log." : "";
  }
}

} // namespace

void add_commands(CLI::App& app, command_context& context) {
  app.add_option("--server", context.server,
                 "Address of the daemon (or QUAERO_SERVER; default: "
                   + std::string{server_default} + ")");
  app.add_option("--data-dir", context.data_dir,
                 "Take the address from DIR/endpoint");
  app.add_flag("--json", context.json, "Print the answer of the API as it is");
  add_definition_commands(app, context);
  add_run_command(app, context);
  add_job_commands(app, context);
  add_document_commands(app, context);
  add_status_command(app, context);
}

int run_command_line(int argc, const char* const* argv,
                     command_context& context) {
  CLI::App app{"Runs job definitions on a quaerod daemon and shows what they "
               "do.",
               "quaero"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "quaero " QUAERO_VERSION);
  app.footer(exit_code_help);
  try {
    add_commands(app, context);
    app.parse(argc, argv);
    return context.action(context);
  } catch (const CLI::ParseError& x) {
    bool asked = x.get_exit_code() == 0; // --help, --version
    app.exit(x, context.to.out, context.to.err);
    return asked ? exit_ok : exit_usage;
  } catch (const std::exception& x) {
    context.to.err << "quaero: " << x.what() << '\n';
    return exit_failed;
  }
}

answer ask_quietly(command_context& context, const http_request& request) {
  answer result;
  if (!connect(context)) {
    result.exit = exit_unreachable;
    return result;
  }
  auto response = context.http->send(request);
  if (!response.reached()) {
    result.exit = exit_unreachable;
    result.text = response.failure;
    return result;
  }
  result.status = response.status;
  result.exit = exit_code_of(response.status);
  json_limits limits;
  limits.bytes_max = response_bytes_max;
  std::string error;
  parse_json(response.body, result.json, error, limits);
  result.text = std::move(response.body);
  return result;
}

answer ask(command_context& context, const http_request& request) {
  auto result = ask_quietly(context, request);
  if (!result.ok())
    report(context, result);
  return result;
}

void report(const command_context& context, const answer& x) {
  if (!context.http)
    return; // connect() has said why
  auto& err = context.to.err;
  if (x.status == 0) {
    err << "quaero: cannot reach " << context.http->server() << ": "
        << one_line(x.text)
        << ". Is the daemon running? Start it with: quaerod\n";
    return;
  }
  err << "quaero: " << problem_text(x) << '\n';
  for (const auto& error : items_of(x.json, "errors")) {
    auto line = error.get_int("line").value_or(0);
    auto field = one_line(text_of(error, "field"));
    err << "  " << (line > 0 ? "line " + std::to_string(line) + ": " : "")
        << (field.empty() ? "" : field + ": ")
        << one_line(error.is_string() ? error.as_string()
                                      : text_of(error, "message"))
        << '\n';
  }
  if (auto text = next_step(x); !text.empty())
    err << text << '\n';
}

void print_json(const command_context& context, const answer& x) {
  context.to.out << x.text << (x.text.ends_with('\n') ? "" : "\n");
}

std::string server_url(const command_context& context) {
  return context.http->server();
}

const value::array& items_of(const value& json, std::string_view name) {
  static const value::array none;
  const auto* x = json.find(name);
  return x != nullptr && x->is_array() ? x->as_array() : none;
}

std::string text_of(const value& json, std::string_view name) {
  const auto* x = json.find(name);
  if (x == nullptr || x->is_null())
    return "";
  return x->is_string() ? x->as_string() : to_json(*x);
}

std::optional<std::string> read_input(const console& to,
                                      const std::string& path) {
  std::ifstream file;
  if (path != "-")
    file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(input_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if ((path != "-" && !file.is_open()) || in.bad()) {
    to.err << "quaero: cannot read " << path << '\n';
    return std::nullopt;
  }
  if (text.size() > input_bytes_max) {
    to.err << "quaero: " << path << " is larger than " << input_bytes_max
           << " bytes\n";
    return std::nullopt;
  }
  return text;
}

} // namespace quaero::cli
