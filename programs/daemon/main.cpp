#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"
#include "definitions/settings.hpp"
#include "programs/daemon/built.hpp"
#include "programs/daemon/daemon.hpp"
#include "programs/daemon/node_command.hpp"
#include "programs/daemon/node_options.hpp"
#include "programs/daemon/signals.hpp"
#include "programs/daemon/verify_command.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

enum exit_code { exit_ok = 0, exit_failed = 1, exit_usage = 2 };

constexpr const char* usage
  = "Usage: quaerod [--config FILE] [FLAGS]\n"
    "       quaerod --join HOST:PORT --token TOKEN [--data-dir DIR]\n"
    "       quaerod --node [--data-dir DIR]\n"
    "       quaerod verify [--data-dir DIR] [--rebuild] [--cut-logs]\n"
    "Runs Quaero until SIGINT or SIGTERM, works for another daemon (more with\n"
    "quaerod --node --help), or looks at its database.\n\n";

int print_errors(const std::vector<quaero::setting_error>& errors) {
  for (const auto& x : errors)
    std::fprintf(stderr, "quaerod: %s\n", to_string(x).c_str());
  return exit_usage;
}

int run(const quaero::settings& how) {
  quaero::block_stop_signals();
  quaero::daemon daemon{how};
  daemon.on_failure([] { kill(getpid(), SIGTERM); });
  daemon.on_stop_request([] { kill(getpid(), SIGTERM); });
  if (auto why = daemon.start(); !why.empty()) {
    std::fprintf(stderr, "quaerod: %s\n", why.c_str());
    return exit_failed;
  }
  quaero::await_stop_signal();
  daemon.stop();
  return daemon.failed() ? exit_failed : exit_ok;
}

} // namespace

int main(int argc, char** argv) {
  const std::span<const char* const> words{
    const_cast<const char* const*>(argv) + 1, static_cast<size_t>(argc) - 1};
  if (const auto* point = std::getenv(quaero::kill_point_variable)) {
    if (auto why = quaero::arm_kill_point(point); !why.empty()) {
      std::fprintf(stderr, "quaerod: %s: %s\n", quaero::kill_point_variable,
                   why.c_str());
      return exit_usage;
    }
  }
  if (!words.empty() && std::string_view{words[0]} == "verify")
    return quaero::run_verify(words.subspan(1));
  if (quaero::is_node(words))
    return quaero::run_node(words);
  auto arguments = quaero::parse_daemon_arguments(words);
  if (arguments.help) {
    std::printf("%s%s", usage, quaero::settings_help().c_str());
    return exit_ok;
  }
  if (arguments.version) {
    std::printf("quaerod %s\n", quaero::built().version.c_str());
    return exit_ok;
  }
  if (!arguments.errors.empty())
    return print_errors(arguments.errors);
  arguments.sources.environment = quaero::process_environment();
  auto loaded = quaero::load_settings(arguments.sources);
  if (!loaded.ok())
    return print_errors(loaded.errors);
  const auto& how = loaded.value;
  quaero::log::setup(how.log.level, how.log.format == "json"
                                      ? quaero::log::format::json
                                      : quaero::log::format::text);
  for (const auto& x : loaded.warnings)
    quaero::log::warn("settings.unknown", {{"what", to_string(x)}});
  return run(how);
}
