#pragma once

#include "programs/cli/command.hpp"

#include <string>

namespace quaero::cli {

inline constexpr int log_lines_max = 5000; ///< Of one answer of the API.

struct log_options {
  std::string id;
  std::string level = "info";
  bool follow = false;
  int limit = 200; ///< Lines, 1 to log_lines_max.
};

/// Prints the log of a job. With `follow` it starts with the first line and
/// ends with the job; with --json it prints a line of JSON for each line.
int show_logs(command_context& context, const log_options& options);

} // namespace quaero::cli
