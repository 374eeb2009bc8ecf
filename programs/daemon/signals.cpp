#include "programs/daemon/signals.hpp"

#include <csignal>
#include <pthread.h>
#include <thread>
#include <unistd.h>

namespace quaero {

namespace {

sigset_t stop_signals() {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGINT);
  sigaddset(&out, SIGTERM);
  return out;
}

} // namespace

void block_stop_signals() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // A file at its limit is a full disk: an error of a write, not a death.
  std::signal(SIGXFSZ, SIG_IGN);
}

void await_stop_signal() {
  const auto signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  std::thread{[signals] {
    int again = 0;
    sigwait(&signals, &again);
    _exit(128 + again);
  }}.detach();
}

} // namespace quaero
