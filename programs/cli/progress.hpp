#pragma once

#include "definitions/value.hpp"
#include "programs/cli/terminal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quaero::cli {

/// How far one step of a run is.
struct step_progress {
  std::string step_id; ///< "" until the step has started.
  std::string name;
  std::string type;
  std::string status;
  std::string error;
  int64_t duration_ms = 0;
  int64_t total = 0; ///< Jobs of the step that are known; 0 = not known.
  int64_t completed = 0;
  int64_t failed = 0;
  int64_t cancelled = 0;
  int64_t running = 0;
  int64_t pending = 0;
  int64_t documents = 0;

  /// Whether the step will not change any more.
  bool over() const;

  bool operator==(const step_progress&) const = default;
};

/// How far a run is: the answer of GET /api/jobs/{id}/tree.
struct run_progress {
  std::string job_id;
  std::string name;
  std::string status;
  std::string error;
  int64_t duration_ms = 0;
  int64_t documents = 0;
  std::vector<step_progress> steps;

  bool over() const;

  bool operator==(const run_progress&) const = default;
};

/// @returns false if `tree` is no such answer; `out` is then left alone.
bool read_progress(const value& tree, run_progress& out);

/// One line a step, fit for the width of `to`; at most `to.height` - 2 lines,
/// of which the first then tells how many steps are not shown.
/// @param tick counts the redraws; it turns the spinner.
std::vector<std::string> progress_lines(const console& to,
                                        const run_progress& run, size_t tick);

/// What has changed since `before`, for an output that cannot be redrawn: a
/// line for each step whose status changed or whose share of finished jobs
/// passed another quarter.
std::vector<std::string> change_lines(const run_progress& before,
                                      const run_progress& now);

/// A table of the steps with a line of totals below it.
void print_steps(const console& to, const run_progress& run);

/// "850 ms", "12.3 s", "2m05s", "1h02m".
std::string duration_text(int64_t ms);

} // namespace quaero::cli
