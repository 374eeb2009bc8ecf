#pragma once

#include "definitions/time.hpp"
#include "programs/cli/http_client.hpp"
#include "programs/cli/interrupts.hpp"
#include "programs/cli/terminal.hpp"

#include <CLI/App.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace quaero::cli {

/// What the program ends with. Listed in --help.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,      ///< The job failed, or a definition is not valid.
  exit_usage = 2,       ///< The command line is wrong, or a file it names.
  exit_not_found = 3,   ///< No such job, definition, document.
  exit_unreachable = 4, ///< No daemon, or the daemon could not answer.
  exit_refused = 5,     ///< The daemon refused.
  exit_detached = 130,  ///< Ctrl-C; the run goes on.
};

/// What every command gets.
struct command_context {
  explicit command_context(const console& x) : to{x} {}

  console to;
  std::string server;           ///< --server; "" = not given.
  std::string data_dir;         ///< --data-dir; "" = not given.
  std::string token_file;       ///< --token-file; "" = not given.
  std::string ca_file;          ///< --ca; "" = the system's certificates.
  bool json = false;            ///< --json
  bool no_input = false;        ///< --no-input: never ask.
  std::string colours = "auto"; ///< --color: auto, always, never.

  /// Made by connect() when it is first needed; tests set it before.
  std::unique_ptr<http_transport> http;

  /// Pauses that long; true if the user wants to leave. Tests do not pause.
  std::function<bool(std::chrono::milliseconds)> wait = interrupted_within;

  const wall_clock* clock = &system_wall_clock();

  /// Set by the command that the command line names; returns the exit code.
  std::function<int(command_context&)> action;
};

/// Declares the commands and their options below `app`. Parsing a command line
/// sets `context.action`, which is to be run afterwards.
void add_commands(CLI::App& app, command_context& context);

// Parts of add_commands(), a file each.
void add_definition_commands(CLI::App& app, command_context& context);
void add_run_command(CLI::App& app, command_context& context);
void add_enqueue_command(CLI::App& app, command_context& context);
void add_job_commands(CLI::App& app, command_context& context);
void add_job_changes(CLI::App& jobs, command_context& context);
void add_operation_commands(CLI::App& app, command_context& context);
void add_dead_commands(CLI::App& app, command_context& context);
void add_queue_commands(CLI::App& app, command_context& context);
void add_document_commands(CLI::App& app, command_context& context);
void add_key_commands(CLI::App& app, command_context& context);
void add_access_commands(CLI::App& app, command_context& context);
void add_stream_commands(CLI::App& app, command_context& context);
void add_daemon_commands(CLI::App& app, command_context& context);
void add_node_commands(CLI::App& app, command_context& context);
void add_top_command(CLI::App& app, command_context& context);
void add_verify_command(CLI::App& app, command_context& context);
void add_completion_command(CLI::App& app, command_context& context);

/// Reads a command line and does what it says. Never throws.
/// @returns an exit code.
int run_command_line(int argc, const char* const* argv,
                     command_context& context);

} // namespace quaero::cli
