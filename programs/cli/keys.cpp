#include "programs/cli/keys.hpp"

#include <sys/signalfd.h>

#include <poll.h>
#include <unistd.h>

namespace quaero::cli {

namespace {

sigset_t screen_signals() {
  sigset_t result;
  sigemptyset(&result);
  for (int x : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH})
    sigaddset(&result, x);
  return result;
}

} // namespace

std::vector<key> read_keys(const std::string& bytes) {
  std::vector<key> result;
  for (size_t i = 0; i < bytes.size(); ++i) {
    char c = bytes[i];
    bool arrow = c == '\x1b' && i + 2 < bytes.size()
                 && (bytes[i + 1] == '[' || bytes[i + 1] == 'O');
    if (arrow) {
      i += 2;
      result.push_back(bytes[i] == 'A'   ? key::up
                       : bytes[i] == 'B' ? key::down
                                         : key::other);
    } else if (c == 'q' || c == 'Q' || c == '\x04') {
      result.push_back(key::quit);
    } else if (c == 'p' || c == 'P' || c == ' ') {
      result.push_back(key::pause);
    } else if (c == 'k') {
      result.push_back(key::up);
    } else {
      result.push_back(c == 'j' ? key::down : key::other);
    }
  }
  return result;
}

key_reader::key_reader() {
  auto set = screen_signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

key_reader::~key_reader() {
  ::close(signals_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

key_reader::input key_reader::wait(std::chrono::milliseconds limit) {
  input result;
  pollfd both[2]{{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}};
  if (::poll(both, 2, static_cast<int>(limit.count())) <= 0)
    return result;
  signalfd_siginfo info{};
  if ((both[1].revents & POLLIN) != 0
      && ::read(signals_, &info, sizeof(info)) == sizeof(info))
    result.signal = static_cast<int>(info.ssi_signo);
  if (both[0].revents != 0) {
    char buffer[64];
    auto n = ::read(STDIN_FILENO, buffer, sizeof(buffer));
    result.closed = n < 0 || (n == 0 && (both[0].revents & POLLIN) == 0);
    if (n > 0)
      result.keys = read_keys({buffer, static_cast<size_t>(n)});
  }
  return result;
}

} // namespace quaero::cli
