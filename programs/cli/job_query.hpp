#pragma once

#include "programs/cli/command.hpp"

#include <string>

namespace quaero::cli {

/// Which jobs are meant: a query of the API, and short forms of its terms.
struct job_query {
  std::string text; ///< -q
  std::string status;
  std::string definition;
  std::string type;
  std::string tag;
  std::string queue;
  std::string parent;

  /// Whether runs alone are not enough: it asks for jobs of a kind or place
  /// that runs do not have.
  bool below_runs() const {
    return !text.empty() || !type.empty() || !queue.empty() || !parent.empty();
  }
};

/// Adds -q and its short forms.
void add_query_options(CLI::App& app, job_query& query);

/// All of it as one query.
std::string to_query(const job_query& x);

} // namespace quaero::cli
