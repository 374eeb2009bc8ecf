#include "programs/cli/interrupts.hpp"

#include <ctime>

namespace quaero::cli {

namespace {

sigset_t interrupts() {
  sigset_t result;
  sigemptyset(&result);
  sigaddset(&result, SIGINT);
  sigaddset(&result, SIGTERM);
  return result;
}

} // namespace

interrupt_guard::interrupt_guard() {
  auto set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

interrupt_guard::~interrupt_guard() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool interrupted_within(std::chrono::milliseconds limit) {
  auto set = interrupts();
  timespec t{};
  t.tv_sec = static_cast<time_t>(limit.count() / 1000);
  t.tv_nsec = static_cast<long>(limit.count() % 1000) * 1'000'000;
  return sigtimedwait(&set, nullptr, &t) > 0;
}

bool interrupt_pending() {
  sigset_t waiting;
  return sigpending(&waiting) == 0
         && (sigismember(&waiting, SIGINT) == 1
             || sigismember(&waiting, SIGTERM) == 1);
}

} // namespace quaero::cli
