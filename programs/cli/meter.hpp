#pragma once

#include "programs/cli/terminal.hpp"

#include <cstdint>
#include <string>

namespace quaero::cli {

inline constexpr int meter_parts
  = 4; ///< Lines of a meter into a pipe, at most.

/// One bar on stderr: redrawn on a terminal, else a line for each quarter.
class meter {
public:
  explicit meter(const console& to) : to_{to} {}
  ~meter() { clear(); }
  meter(const meter&) = delete;
  meter& operator=(const meter&) = delete;

  /// @param total 0 = not known: no bar, and no lines into a pipe.
  /// @param text stands behind the bar.
  void show(int64_t done, int64_t total, const std::string& text);

  /// Removes the bar from a terminal, for other output.
  void clear();

private:
  const console& to_;
  bool drawn_ = false;
  int64_t part_ = -1;
};

} // namespace quaero::cli
