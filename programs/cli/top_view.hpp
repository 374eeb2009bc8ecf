#pragma once

#include "programs/cli/terminal.hpp"
#include "programs/cli/top_sample.hpp"

#include <optional>
#include <string>
#include <vector>

namespace quaero::cli {

/// What is shown besides the sample.
struct top_state {
  std::optional<job_rates> rates = {}; ///< Nothing before the second sample.
  std::string problem = {}; ///< Why the sample is not new; "" = it is.
  bool paused = false;
  size_t offset = 0; ///< Running jobs that are scrolled away.
  bool live = true;  ///< With a line of keys at the end.
};

/// A screen of `to.width` columns and at most `to.height` lines; with a height
/// of 0, all lines.
std::vector<std::string> top_lines(const console& to, const top_sample& sample,
                                   const top_state& state);

} // namespace quaero::cli
