#pragma once

#include "definitions/queue_job.hpp"
#include "programs/process.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace quaero::bench {

/// The path of the quaerod beside this program.
std::string daemon_program();

/// A quaerod beside this program, as a child on a free port of this machine.
class daemon_process {
public:
  /// Starts it and waits until it can be used.
  /// @param level of what the daemon itself commits.
  /// @param keep what is in the folder; else it is emptied first.
  /// @throws std::runtime_error with its output if it ends instead.
  daemon_process(const std::string& data_dir, durability level,
                 bool keep = false);

  const std::string& url() const { return url_; }

  /// Processor time of all its threads so far.
  double cpu_seconds() const;

  /// How often one of its threads has begun to wait so far.
  uint64_t waits() const;

  /// What it has in memory.
  uint64_t resident_bytes() const;

  /// Lets time go by.
  /// @throws std::runtime_error with its output if it ends meanwhile.
  void run_for(std::chrono::milliseconds time) const;

  /// Ends it as Ctrl-C does. Whoever does not call it has it killed at the end.
  /// @throws std::runtime_error if it does not end well.
  void stop();

private:
  std::string proc_path(const char* name) const;

  process child_;
  std::string url_;
};

} // namespace quaero::bench
