#include "tests/programs/pty.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <termios.h>
#include <unistd.h>

namespace quaero::cli::test {

namespace {

constexpr std::chrono::seconds patience{20};

} // namespace

pty_child::pty_child(const std::function<int()>& body) {
  winsize size{24, 80, 0, 0};
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ < 0)
    throw std::runtime_error{"no terminal"};
  if (pid_ == 0) {
    // The handlers of the test framework are not the program's.
    for (int x : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGFPE,
                  SIGILL, SIGBUS})
      ::signal(x, SIG_DFL);
    int code = body();
    std::cout.flush();
    std::cerr.flush();
    ::_exit(code);
  }
}

pty_child::~pty_child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

bool pty_child::read_some(std::chrono::milliseconds limit) {
  pollfd x{terminal_, POLLIN, 0};
  if (::poll(&x, 1, static_cast<int>(limit.count())) <= 0)
    return false;
  char buffer[4096];
  auto n = ::read(terminal_, buffer, sizeof(buffer));
  if (n <= 0)
    return false; // the child has left it
  output_.append(buffer, static_cast<size_t>(n));
  return true;
}

bool pty_child::wait_for(std::string_view text) {
  for (;;) {
    if (auto at = output_.find(text, seen_); at != output_.npos) {
      seen_ = at + text.size();
      return true;
    }
    if (!read_some(patience))
      return false;
  }
}

void pty_child::type(std::string_view keys) const {
  if (::write(terminal_, keys.data(), keys.size()) < 0)
    throw std::runtime_error{"the terminal takes no keys"};
}

void pty_child::signal(int number) const {
  ::kill(pid_, number);
}

int pty_child::wait() {
  while (read_some(patience)) {
    // until it has left its terminal
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool pty_child::is_plain() const {
  termios mode{};
  ::tcgetattr(terminal_, &mode);
  constexpr tcflag_t wanted = ECHO | ICANON;
  return (mode.c_lflag & wanted) == wanted;
}

} // namespace quaero::cli::test
