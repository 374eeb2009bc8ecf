#pragma once

#include "programs/cli/progress.hpp"
#include "programs/cli/terminal.hpp"

namespace quaero::cli {

/// Shows the progress of one run as it goes: on a terminal in place, else as
/// lines on changes.
class progress_view {
public:
  explicit progress_view(const console& to) : to_{to} {}

  /// Draws `now` over what was drawn before.
  void show(const run_progress& now);

  /// Removes the bars from a terminal, for other output.
  void clear();

private:
  const console& to_;
  run_progress before_;
  size_t drawn_ = 0; // lines on the terminal above the cursor
  size_t tick_ = 0;
};

} // namespace quaero::cli
