#include "programs/process.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

extern char** environ;

namespace quaero {

namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& x : words)
    out.push_back(x.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_of(const environment& more) {
  std::vector<std::string> out;
  for (auto** i = environ; *i != nullptr; ++i)
    if (!std::string_view{*i}.starts_with("QUAERO_"))
      out.emplace_back(*i);
  for (const auto& [name, text] : more)
    out.push_back(name + '=' + text);
  return out;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char** words, char** variables, int out, int err) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nothing is left if the parent crashes
  int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(words[0], words, variables);
  ::_exit(127);
}

void make_pipe(int (&ends)[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
}

} // namespace

process::process(std::vector<std::string> words, const environment& more) {
  if (::access(words.at(0).c_str(), X_OK) != 0)
    throw std::runtime_error("no program " + words[0]);
  auto variables = environment_of(more);
  auto word_list = pointers(words);
  auto variable_list = pointers(variables);
  int out[2];
  int err[2];
  make_pipe(out);
  make_pipe(err);
  pid_ = ::fork();
  if (pid_ == 0)
    become(word_list.data(), variable_list.data(), out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  pipes_[0] = out[0];
  pipes_[1] = err[0];
  if (pid_ < 0)
    throw std::runtime_error("cannot fork");
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  reader_ = std::thread{[this] { read_output(); }};
}

process::~process() {
  if (!exit_) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  reader_.join();
  ::close(pipes_[0]);
  ::close(pipes_[1]);
  ::close(pid_fd_);
}

void process::signal(int number) const {
  if (!exit_) // else the number may be another's
    ::kill(pid_, number);
}

bool process::runs_for(std::chrono::milliseconds limit) const {
  if (exit_)
    return false;
  pollfd end{pid_fd_, POLLIN, 0};
  return ::poll(&end, 1, static_cast<int>(limit.count())) == 0;
}

std::optional<int> process::wait(std::chrono::milliseconds limit) {
  if (exit_)
    return exit_;
  if (runs_for(limit))
    return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_)
    return std::nullopt;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return closed_; });
  return exit_;
}

bool process::wait_for_err(const std::string& text,
                           std::chrono::milliseconds limit) {
  auto found = [&] { return texts_[1].find(text) != std::string::npos; };
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, limit, [&] { return closed_ || found(); });
  return found();
}

std::string process::out() const {
  std::lock_guard guard{mutex_};
  return texts_[0];
}

std::string process::err() const {
  std::lock_guard guard{mutex_};
  return texts_[1];
}

void process::read_output() {
  pollfd open[2] = {{pipes_[0], POLLIN, 0}, {pipes_[1], POLLIN, 0}};
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    if (::poll(open, 2, -1) < 0 && errno != EINTR)
      break;
    for (size_t i = 0; i < 2; ++i) {
      if (open[i].fd < 0 || open[i].revents == 0)
        continue;
      char bytes[16384];
      auto n = ::read(open[i].fd, bytes, sizeof(bytes));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0) {
        open[i].fd = -1;
        continue;
      }
      std::lock_guard guard{mutex_};
      texts_[i].append(bytes, static_cast<size_t>(n));
      changed_.notify_all();
    }
  }
  std::lock_guard guard{mutex_};
  closed_ = true;
  changed_.notify_all();
}

ended run_program(std::vector<std::string> words,
                  std::chrono::milliseconds limit, const environment& more) {
  process x{std::move(words), more};
  auto exit = x.wait(limit);
  if (!exit)
    throw std::runtime_error("a program runs for too long: " + x.out()
                             + x.err());
  return {*exit, x.out(), x.err()};
}

} // namespace quaero
