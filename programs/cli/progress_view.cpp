#include "programs/cli/progress_view.hpp"

namespace quaero::cli {

void progress_view::show(const run_progress& now) {
  if (!to_.terminal) {
    for (const auto& line : change_lines(before_, now))
      to_.out << line << '\n';
  } else {
    clear();
    for (const auto& line : progress_lines(to_, now, tick_++)) {
      to_.out << line << '\n';
      ++drawn_;
    }
  }
  to_.out.flush();
  before_ = now;
}

void progress_view::clear() {
  if (drawn_ > 0)
    to_.out << "\x1b[" << drawn_ << "A\r\x1b[J";
  drawn_ = 0;
}

} // namespace quaero::cli
