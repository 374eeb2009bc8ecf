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

std::vector<std::string> command(const std::string& data_dir,
                                 durability level) {
  fs::remove_all(data_dir);
  return {daemon_program(), "--data-dir",   data_dir,        "--listen",
          "127.0.0.1:0",    "--durability", to_string(level)};
}

} // namespace

std::string daemon_program() {
  return fs::read_symlink("/proc/self/exe").parent_path() / "quaerod";
}

daemon_process::daemon_process(const std::string& data_dir, durability level)
  : child_{command(data_dir, level)} {
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

void daemon_process::stop() {
  child_.signal(SIGINT);
  if (child_.wait(stop_limit) != 0)
    throw std::runtime_error{"the daemon did not end well: " + child_.err()};
}

} // namespace quaero::bench
