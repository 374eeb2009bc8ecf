#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace quaero::cli::test {

/// A child of this process with a terminal of its own, of 80 columns and 24
/// rows. It is killed with the object.
class pty_child {
public:
  /// @param body what the child does; it ends with what that returns.
  explicit pty_child(const std::function<int()>& body);
  ~pty_child();
  pty_child(const pty_child&) = delete;
  pty_child& operator=(const pty_child&) = delete;

  /// Waits until `text` is in output(), behind what was waited for before.
  bool wait_for(std::string_view text);

  void type(std::string_view keys) const;
  void signal(int number) const;

  /// Waits for its end.
  /// @returns its exit code, or 128 + the number of the signal that ended it.
  int wait();

  /// The mode of the terminal: whether it echoes and hands out whole lines.
  bool is_plain() const;

  const std::string& output() const { return output_; }

private:
  bool read_some(std::chrono::milliseconds limit);

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string output_;
  size_t seen_ = 0;
};

} // namespace quaero::cli::test
