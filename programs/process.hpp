#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace quaero {

using environment = std::vector<std::pair<std::string, std::string>>;

/// A program that runs as a child, its output on pipes that are always read.
/// One thread at a time, except out() and err().
class process {
public:
  /// Starts it, with nothing on its standard input.
  /// @param words program with its path, then arguments.
  /// @param more added to the environment, from which everything that starts
  ///        with QUAERO_ is left out.
  /// @throws std::runtime_error if there is no such program.
  explicit process(std::vector<std::string> words, const environment& more
                                                   = {});
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Kills it if it still runs.
  ~process();

  pid_t pid() const { return pid_; }
  void signal(int number) const;

  /// Waits until it has ended and all its output is read.
  /// @returns its exit code, 128 + number if a signal ended it, or nothing if
  ///          it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);

  /// Waits for `limit`, or shorter if it ends in between.
  /// @returns whether it still runs.
  bool runs_for(std::chrono::milliseconds limit) const;

  /// Waits until `text` is in err().
  /// @returns false if it ends without, or that takes longer than `limit`.
  bool wait_for_err(const std::string& text, std::chrono::milliseconds limit);

  /// What it has written so far.
  std::string out() const;
  std::string err() const;

private:
  void read_output();

  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int pipes_[2] = {-1, -1}; // of standard output and error
  std::optional<int> exit_;
  std::string texts_[2];
  bool closed_ = false; // both pipes
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread reader_;
};

/// What a program that has ended leaves behind.
struct ended {
  int exit = 0;
  std::string out;
  std::string err;
};

/// Runs a program until its end.
/// @throws std::runtime_error if it takes longer than `limit`; it is killed.
ended run_program(std::vector<std::string> words,
                  std::chrono::milliseconds limit,
                  const environment& more = {});

} // namespace quaero
