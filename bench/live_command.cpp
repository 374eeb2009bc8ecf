#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/live.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace quaero::bench {

namespace {

struct options {
  live_bench_config how;
  bool json = false;
};

int run(options& asked) {
  auto& how = asked.how;
  how.dir = make_folder(how.dir);
  const auto x = run_live(how);
  auto line = value::make_object({{"scenario", "live"},
                                  {"clients", static_cast<int>(how.clients)},
                                  {"lines", static_cast<int64_t>(x.lines)},
                                  {"lines_per_s_to_each", x.lines_per_s},
                                  {"seconds", x.seconds},
                                  {"behind_ms", x.behind_ms},
                                  {"server_cores", x.server_cores},
                                  {"frames", static_cast<int64_t>(x.frames)},
                                  {"resumed", static_cast<int64_t>(x.resumed)},
                                  {"exact", x.exact},
                                  {"conditions", conditions(how.dir)}});
  drop_folder(how.dir);
  print(line, asked.json);
  return x.exact ? 0 : 1;
}

} // namespace

void add_live_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command
    = app.add_subcommand("live", "follow the lines of a run with many clients");
  command->add_option("--clients", x->how.clients)
    ->check(CLI::Range(1, 250))
    ->capture_default_str();
  command->add_option("--lines", x->how.lines_per_s, "a second")
    ->check(CLI::Range(1, 1'000'000))
    ->capture_default_str();
  command->add_option("--seconds", x->how.seconds)
    ->check(CLI::Range(1, 3600))
    ->capture_default_str();
  command->add_option("--dir", x->how.dir, "for the database");
  command->add_flag("--json", x->json, "one JSON line");
  command->callback([x, &exit_code] { exit_code = run(*x); });
}

} // namespace quaero::bench
