#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace quaero::cli {

enum class key { other, quit, pause, up, down };

/// What was typed, key after key; the sequences of arrow keys are one key each.
std::vector<key> read_keys(const std::string& bytes);

/// Keys of the terminal and signals, for a live screen. While it lives, the
/// signals that end or stop a program wait to be asked for. For the main
/// thread.
class key_reader {
public:
  key_reader();
  ~key_reader();
  key_reader(const key_reader&) = delete;
  key_reader& operator=(const key_reader&) = delete;

  struct input {
    std::vector<key> keys;
    int signal = 0;      ///< 0 = none.
    bool closed = false; ///< There is no terminal any more.
  };

  /// Waits up to that long for anything.
  input wait(std::chrono::milliseconds limit);

private:
  sigset_t before_;
  int signals_ = -1;
};

} // namespace quaero::cli
