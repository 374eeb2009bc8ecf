#include "programs/cli/meter.hpp"

#include <algorithm>

namespace quaero::cli {

namespace {

constexpr int64_t bar_cells = 24;

std::string bar(const console& to, int64_t percent) {
  std::string result;
  for (int64_t i = 0; i < bar_cells; ++i)
    result += i < percent * bar_cells / 100 ? (to.unicode ? "█" : "#")
                                            : (to.unicode ? "░" : "-");
  return result;
}

} // namespace

void meter::show(int64_t done, int64_t total, const std::string& text) {
  auto percent
    = total > 0 ? std::clamp<int64_t>(done * 100 / total, 0, 100) : 0;
  auto line = one_line(text);
  if (total > 0) {
    auto number = std::to_string(percent) + '%';
    number.insert(0, 5 - std::min<size_t>(5, number.size()), ' ');
    line = (to_.err_terminal ? bar(to_, percent) : "") + number + "  " + line;
  }
  if (to_.err_terminal) {
    auto width = to_.width != 0 ? to_.width : width_default;
    to_.err << "\r\x1b[K" << cut(line, width - 1) << std::flush;
    drawn_ = true;
    return;
  }
  auto part = percent * meter_parts / 100;
  if (total > 0 && part > part_) {
    to_.err << line << '\n';
    part_ = part;
  }
}

void meter::clear() {
  if (drawn_)
    to_.err << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

} // namespace quaero::cli
