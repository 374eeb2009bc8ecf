#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/idle.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace quaero::bench {

namespace {

struct options {
  idle_config how;
  bool json = false;
};

int run(options& x) {
  x.how.dir = make_folder(x.how.dir);
  const auto r = run_idle(x.how);
  const auto line = value::make_object({{"scenario", "idle"},
                                        {"schedules", x.how.schedules},
                                        {"seconds", x.how.seconds},
                                        {"cores", r.cores},
                                        {"wakeups_per_s", r.wakeups_per_s},
                                        {"resident_bytes", r.resident_bytes},
                                        {"exact", r.exact},
                                        {"conditions", conditions(x.how.dir)}});
  drop_folder(x.how.dir);
  if (!r.exact) {
    std::fprintf(stderr, "quaero-bench: idle: NOT EXACT: it did not have its "
                         "schedules, or had jobs\n");
    return 1;
  }
  print(line, x.json);
  return 0;
}

} // namespace

void add_idle_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command
    = app.add_subcommand("idle", "watch a daemon with nothing to do");
  command->add_option("--schedules", x->how.schedules, "definitions with one")
    ->check(CLI::Range(0, 1'000'000))
    ->capture_default_str();
  command->add_option("--seconds", x->how.seconds, "how long it is watched")
    ->check(CLI::Range(0.1, 86'400.0))
    ->capture_default_str();
  command->add_option("--settle", x->how.settle_s, "seconds before that")
    ->check(CLI::Range(0.0, 3600.0))
    ->capture_default_str();
  command->add_option("--dir", x->how.dir, "for its data");
  command->add_flag("--json", x->json, "one JSON line");
  command->callback([x, &exit_code] { exit_code = run(*x); });
}

} // namespace quaero::bench
