#pragma once

#include <chrono>
#include <csignal>

namespace quaero::cli {

/// While it lives, Ctrl-C and SIGTERM do not end the program but wait to be
/// asked for. For the main thread of a program.
class interrupt_guard {
public:
  interrupt_guard();
  ~interrupt_guard();
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

private:
  sigset_t before_;
};

/// Waits up to that long for an interrupt and takes it. REQUIRES: a guard.
/// @returns whether there was one.
bool interrupted_within(std::chrono::milliseconds limit);

/// Whether one waits to be taken. Always false without a guard.
bool interrupt_pending();

} // namespace quaero::cli
