#pragma once

#include "programs/cli/ask.hpp"

#include <chrono>
#include <string>

namespace quaero::cli {

inline constexpr std::chrono::milliseconds poll_interval{250};

/// Polls in a row without an answer before a follower gives up: 10 s, enough
/// for a daemon that is started again.
inline constexpr int unanswered_polls_max = 40;

inline constexpr int errors_shown_max = 5; ///< Messages a step.

/// Shows a run until it is over, then its summary; with --json only the last
/// tree. Ctrl-C detaches.
/// @returns exit_ok if the run completed, exit_failed if not, exit_detached.
int follow_run(command_context& context, const std::string& job_id);

/// As follow_run() for a run; of any other job it shows the status until that
/// is final, then the job.
int follow_job(command_context& context, const std::string& job_id);

} // namespace quaero::cli
