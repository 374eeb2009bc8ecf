#pragma once

namespace quaero::cli {

/// The terminal of standard input as a command needs it, and as it was again
/// whatever happens: at the end of this object's life, and before the program
/// ends by a signal. One at a time.
class terminal_mode {
public:
  enum class kind {
    hidden, ///< What is typed is not shown.
    screen, ///< The alternate screen without a cursor; keys come at once.
  };

  explicit terminal_mode(kind wanted);
  ~terminal_mode();
  terminal_mode(const terminal_mode&) = delete;
  terminal_mode& operator=(const terminal_mode&) = delete;

  /// For Ctrl-Z: as it was, and as it was wanted again.
  void leave();
  void enter();

  /// Whether there is a terminal at all.
  bool known() const { return known_; }

private:
  kind wanted_;
  bool known_ = false;
};

} // namespace quaero::cli
