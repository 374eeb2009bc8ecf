#include "programs/cli/terminal_mode.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <termios.h>
#include <unistd.h>

namespace quaero::cli {

namespace {

constexpr std::array<int, 9> ending{SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGABRT,
                                    SIGSEGV, SIGBUS,  SIGFPE, SIGILL};

constexpr char enter_screen[] = "\x1b[?1049h\x1b[?25l";
constexpr char leave_screen[] = "\x1b[?25h\x1b[?1049l";

// What a signal handler needs; nothing else may be touched there.
struct {
  termios before;
  bool on_screen;
  std::array<struct sigaction, ending.size()> handlers;
} kept;

void write_all(const char* text) {
  auto left = std::strlen(text);
  while (left > 0) {
    auto n = ::write(STDOUT_FILENO, text, left);
    if (n <= 0)
      return;
    text += n;
    left -= static_cast<size_t>(n);
  }
}

void restore() {
  if (kept.on_screen)
    write_all(leave_screen);
  // TCSAFLUSH drops typed keys, which were meant for us and not for the shell.
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &kept.before);
}

void restore_and_end(int number) {
  restore();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

} // namespace

terminal_mode::terminal_mode(kind wanted) : wanted_{wanted} {
  known_ = ::tcgetattr(STDIN_FILENO, &kept.before) == 0;
  if (!known_)
    return;
  kept.on_screen = wanted == kind::screen;
  struct sigaction action {};
  action.sa_handler = restore_and_end;
  for (size_t i = 0; i < ending.size(); ++i)
    ::sigaction(ending[i], &action, &kept.handlers[i]);
  enter();
}

terminal_mode::~terminal_mode() {
  if (!known_)
    return;
  restore();
  for (size_t i = 0; i < ending.size(); ++i)
    ::sigaction(ending[i], &kept.handlers[i], nullptr);
}

void terminal_mode::leave() {
  if (known_)
    restore();
}

void terminal_mode::enter() {
  if (!known_)
    return;
  auto mode = kept.before;
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (wanted_ == kind::screen) {
    mode.c_lflag &= ~static_cast<tcflag_t>(ICANON);
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    write_all(enter_screen);
  }
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode);
}

} // namespace quaero::cli
