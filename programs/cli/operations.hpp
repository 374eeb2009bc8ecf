#pragma once

#include "programs/cli/ask.hpp"

#include <string>

namespace quaero::cli {

/// One action on all jobs that match a query.
struct bulk_options {
  std::string action; ///< "cancel", "retry", "delete".
  std::string query;
  bool dry_run = false;
  bool yes = false; ///< Do not ask.
};

/// Says how many match, asks, starts the operation and shows it until its end.
int run_operation(command_context& context, const bulk_options& options);

/// Shows an operation until it is over. Ctrl-C lets it go on.
int follow_operation(command_context& context, const std::string& id);

} // namespace quaero::cli
