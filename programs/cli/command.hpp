#pragma once

#include "definitions/value.hpp"
#include "programs/cli/http_client.hpp"
#include "programs/cli/interrupts.hpp"
#include "programs/cli/terminal.hpp"

#include <CLI/App.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace quaero::cli {

/// What the program ends with. Listed in --help.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,      ///< The job failed, or a definition is not valid.
  exit_usage = 2,       ///< The command line is wrong.
  exit_not_found = 3,   ///< No such job, definition, document.
  exit_unreachable = 4, ///< No daemon, or the daemon could not answer.
  exit_refused = 5,     ///< The daemon refused.
  exit_detached = 130,  ///< Ctrl-C; the run goes on.
};

inline constexpr const char* server_default = "http://127.0.0.1:8085";
inline constexpr size_t endpoint_bytes_max = 4096;     ///< Of DIR/endpoint.
inline constexpr size_t input_bytes_max = 1024 * 1024; ///< Of one input file.

/// What every command gets.
struct command_context {
  explicit command_context(const console& x) : to{x} {}

  console to;
  std::string server;   ///< --server; "" = not given.
  std::string data_dir; ///< --data-dir; "" = not given.
  bool json = false;    ///< --json

  /// Made by connect() when it is first needed; tests set it before.
  std::unique_ptr<http_transport> http;

  /// Pauses that long; true if the user wants to leave. Tests do not pause.
  std::function<bool(std::chrono::milliseconds)> wait = interrupted_within;

  /// Set by the command that the command line names; returns the exit code.
  std::function<int(command_context&)> action;
};

/// Declares the commands and their options below `app`. Parsing a command line
/// sets `context.action`, which is to be run afterwards.
void add_commands(CLI::App& app, command_context& context);

// Parts of add_commands().
void add_definition_commands(CLI::App& app, command_context& context);
void add_run_command(CLI::App& app, command_context& context);
void add_job_commands(CLI::App& app, command_context& context);
void add_document_commands(CLI::App& app, command_context& context);
void add_status_command(CLI::App& app, command_context& context);

/// Reads a command line and does what it says. Never throws.
/// @returns an exit code.
int run_command_line(int argc, const char* const* argv,
                     command_context& context);

/// The answer to a request, or the exit code after a message on stderr.
struct answer {
  int exit = exit_ok;
  int status = 0;   ///< Of HTTP.
  value json;       ///< Null if the body is no JSON.
  std::string text; ///< The body.

  bool ok() const { return exit == exit_ok; }
};

/// Sends a request to the chosen server. What is no 2xx becomes a message with
/// what to do next.
answer ask(command_context& context, const http_request& request);

/// As ask(), without messages: for polling.
answer ask_quietly(command_context& context, const http_request& request);

/// Says on stderr why an answer is not ok.
void report(const command_context& context, const answer& x);

/// Prints the body of an answer as it came, with a line end.
void print_json(const command_context& context, const answer& x);

/// The URL of the server in use. REQUIRES: a request was sent.
std::string server_url(const command_context& context);

/// The members of an array in an answer; none if it is not there.
const value::array& items_of(const value& json, std::string_view name);

/// The text of a member: strings as they are, numbers and booleans written.
std::string text_of(const value& json, std::string_view name);

/// Reads a file, "-" being standard input.
/// @returns nothing, after a message, if it cannot be read or is larger than
///          input_bytes_max.
std::optional<std::string> read_input(const console& to,
                                      const std::string& path);

} // namespace quaero::cli
