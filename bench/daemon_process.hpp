#pragma once

#include "definitions/queue_job.hpp"
#include "programs/process.hpp"

#include <string>

namespace quaero::bench {

/// The path of the quaerod beside this program.
std::string daemon_program();

/// A quaerod beside this program, as a child on a free port of this machine.
class daemon_process {
public:
  /// Starts it on an empty folder and waits until it can be used.
  /// @param level of what the daemon itself commits.
  /// @throws std::runtime_error with its output if it ends instead.
  daemon_process(const std::string& data_dir, durability level);

  const std::string& url() const { return url_; }

  /// Processor time of all its threads so far.
  double cpu_seconds() const;

  /// Ends it as Ctrl-C does. Whoever does not call it has it killed at the end.
  /// @throws std::runtime_error if it does not end well.
  void stop();

private:
  process child_;
  std::string url_;
};

} // namespace quaero::bench
