#include "bench/daemon_process.hpp"

#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace quaero::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds start_limit{30};
constexpr std::chrono::seconds stop_limit{60};

std::vector<std::string> command(const std::string& data_dir, durability level,
                                 bool keep) {
  if (!keep)
    fs::remove_all(data_dir);
  return {daemon_program(), "--data-dir",   data_dir,        "--listen",
          "127.0.0.1:0",    "--durability", to_string(level)};
}

/// The number behind `name` in a file of /proc; 0 if it is not there.
uint64_t number_in(const std::string& file, const std::string& name) {
  std::ifstream in{file};
  for (std::string word; in >> word;)
    if (uint64_t x = 0; word == name && in >> x)
      return x;
  return 0;
}

} // namespace

std::string daemon_program() {
  return fs::read_symlink("/proc/self/exe").parent_path() / "quaerod";
}

daemon_process::daemon_process(const std::string& data_dir, durability level,
                               bool keep)
  : child_{command(data_dir, level, keep)} {
  if (!child_.wait_for_err("daemon.ready", start_limit))
    throw std::runtime_error{"the daemon is not ready: " + child_.err()};
  std::ifstream in{data_dir + "/endpoint"};
  std::getline(in, url_);
}

double daemon_process::cpu_seconds() const {
  clockid_t id{};
  timespec t{};
  if (clock_getcpuclockid(child_.pid(), &id) != 0 || clock_gettime(id, &t) != 0)
    throw std::runtime_error{"the daemon is gone: " + child_.err()};
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

uint64_t daemon_process::waits() const {
  uint64_t out = 0;
  for (const auto& x : fs::directory_iterator(proc_path("task")))
    out += number_in(x.path().string() + "/status", "voluntary_ctxt_switches:");
  return out;
}

uint64_t daemon_process::resident_bytes() const {
  return number_in(proc_path("status"), "VmRSS:") * 1024;
}

void daemon_process::run_for(std::chrono::milliseconds time) const {
  if (!child_.runs_for(time))
    throw std::runtime_error{"the daemon has ended: " + child_.err()};
}

std::string daemon_process::proc_path(const char* name) const {
  return "/proc/" + std::to_string(child_.pid()) + '/' + name;
}

void daemon_process::stop() {
  child_.signal(SIGINT);
  if (child_.wait(stop_limit) != 0)
    throw std::runtime_error{"the daemon did not end well: " + child_.err()};
}

} // namespace quaero::bench
