#pragma once

#include "definitions/value.hpp"

#include <string>

namespace CLI {
class App;
}

/// The subcommands of quaero-bench, one for each thing that is measured. Each
/// leaves its exit code in `exit_code` when it has run: 1 if a run was not
/// exact, 2 if its options make no sense.
namespace quaero::bench {

/// Every scenario of scenario.hpp.
void add_scenario_commands(CLI::App& app, int& exit_code);
void add_live_command(CLI::App& app, int& exit_code);
void add_lists_command(CLI::App& app, int& exit_code);
void add_http_command(CLI::App& app, int& exit_code);
void add_idle_command(CLI::App& app, int& exit_code);
void add_kill_command(CLI::App& app, int& exit_code);

// What puts measurements together.
void add_sweep_command(CLI::App& app, int& exit_code);
void add_compare_command(CLI::App& app, int& exit_code);
void add_standard_command(CLI::App& app, int& exit_code);

/// The folder that was asked for, or a temporary one of this process. Made
/// when missing.
std::string make_folder(const std::string& wanted);

/// Takes it away again if nothing of anybody else is in it.
void drop_folder(const std::string& made);

/// Prints a measurement for people, or as one line.
void print(const value& x, bool as_line);

} // namespace quaero::bench
