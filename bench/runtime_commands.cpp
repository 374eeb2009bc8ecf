#include "bench/churn.hpp"
#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/deaths.hpp"
#include "bench/idle.hpp"
#include "bench/recover.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

/// What a runtime does over a long time, and when something ends.
namespace quaero::bench {

namespace {

template <class Config>
struct options {
  Config how;
  std::string durability_name = "group";
  bool json = false;
};

/// Prints a measurement that is exact.
/// @returns the exit code.
int finish(value line, bool exact, const std::string& dir, bool json) {
  line.set("exact", exact);
  line.set("conditions", conditions(dir));
  drop_folder(dir);
  if (!exact) {
    std::fprintf(stderr, "quaero-bench: NOT EXACT\n");
    return 1;
  }
  print(line, json);
  return 0;
}

bool read_durability(const std::string& name, durability& out) {
  if (from_string(name, out))
    return true;
  std::fprintf(stderr, "quaero-bench: --durability: group, buffered, each\n");
  return false;
}

int run(options<recover_config>& x) {
  x.how.dir = make_folder(x.how.dir);
  const auto r = run_recover(x.how);
  return finish(value::make_object({{"scenario", "recover"},
                                    {"jobs", x.how.jobs},
                                    {"opened_s", r.opened_s},
                                    {"recovered_s", r.recovered_s},
                                    {"first_s", r.first_s},
                                    {"all_s", r.all_s}}),
                r.exact, x.how.dir, x.json);
}

int run(options<deaths_config>& x) {
  if (!read_durability(x.durability_name, x.how.level))
    return 2;
  x.how.dir = make_folder(x.how.dir);
  const auto r = run_deaths(x.how);
  return finish(value::make_object({{"scenario", "deaths"},
                                    {"durability", x.durability_name},
                                    {"rounds", uint64_t{x.how.rounds}},
                                    {"rerun", as_value(r.rerun)}}),
                r.exact, x.how.dir, x.json);
}

int run(options<churn_config>& x) {
  if (!read_durability(x.durability_name, x.how.level))
    return 2;
  x.how.dir = make_folder(x.how.dir);
  value::array parts;
  const auto r = run_churn(x.how, [&](const churn_part& part) {
    std::fprintf(stderr, "part %zu: %.0f jobs/s, %.0f MiB on disk\n",
                 parts.size() + 1, part.jobs_per_s,
                 static_cast<double>(part.disk_bytes) / (1 << 20));
    parts.push_back(value::make_object(
      {{"jobs_per_s", part.jobs_per_s}, {"disk_bytes", part.disk_bytes}}));
  });
  const auto first = r.parts.front().jobs_per_s;
  const auto last = r.parts.back().jobs_per_s;
  const auto space
    = static_cast<double>(r.disk_bytes) / static_cast<double>(r.live_bytes);
  return finish(value::make_object({{"scenario", "churn"},
                                    {"durability", x.durability_name},
                                    {"jobs", x.how.part * r.parts.size()},
                                    {"parts", std::move(parts)},
                                    {"last_of_first", last / first},
                                    {"live_bytes", r.live_bytes},
                                    {"disk_bytes", r.disk_bytes},
                                    {"disk_of_live", space}}),
                r.exact, x.how.dir, x.json);
}

int run(options<idle_config>& x) {
  x.how.dir = make_folder(x.how.dir);
  const auto r = run_idle(x.how);
  return finish(value::make_object({{"scenario", "idle"},
                                    {"schedules", uint64_t{x.how.schedules}},
                                    {"seconds", x.how.seconds},
                                    {"cores", r.cores},
                                    {"wakeups_per_s", r.wakeups_per_s},
                                    {"resident_bytes", r.resident_bytes}}),
                r.exact, x.how.dir, x.json);
}

template <class Config>
CLI::App* add(CLI::App& app, int& exit_code, const char* name, const char* what,
              const std::shared_ptr<options<Config>>& x) {
  auto* command = app.add_subcommand(name, what);
  command->add_option("--dir", x->how.dir, "for the database");
  command->add_flag("--json", x->json, "one JSON line");
  command->callback([x, &exit_code] { exit_code = run(*x); });
  return command;
}

template <class T>
void add_number(CLI::App* command, const char* name, T& to, uint64_t from,
                uint64_t max, const char* what) {
  command->add_option(name, to, what)
    ->check(CLI::Range(static_cast<T>(from), static_cast<T>(max)))
    ->capture_default_str();
}

} // namespace

void add_runtime_commands(CLI::App& app, int& exit_code) {
  auto recover = std::make_shared<options<recover_config>>();
  auto* to = add(app, exit_code, "recover",
                 "start with many jobs that wait, to the first end", recover);
  add_number(to, "--jobs", recover->how.jobs, 1, 100'000'000, "that wait");
  add_number(to, "--payload", recover->how.payload, 14, 65'536, "bytes a job");

  auto deaths = std::make_shared<options<deaths_config>>();
  to = add(app, exit_code, "deaths",
           "end a worker, until its job runs with the next one", deaths);
  add_number(to, "--rounds", deaths->how.rounds, 1, 1'000'000, "ends");
  to->add_option("--durability", deaths->durability_name)
    ->capture_default_str();

  auto churn = std::make_shared<options<churn_config>>();
  churn->durability_name = "buffered";
  to = add(app, exit_code, "churn",
           "many jobs through one runtime: rates and space over time", churn);
  add_number(to, "--jobs", churn->how.jobs, 1, 1'000'000'000, "in all");
  add_number(to, "--part", churn->how.part, 1, 100'000'000,
             "jobs of which a rate is taken");
  add_number(to, "--payload", churn->how.payload, 14, 65'536, "bytes a job");
  to->add_option("--durability", churn->durability_name)->capture_default_str();

  auto idle = std::make_shared<options<idle_config>>();
  to = add(app, exit_code, "idle", "watch a daemon with nothing to do", idle);
  add_number(to, "--schedules", idle->how.schedules, 0, 1'000'000,
             "definitions with one");
  to->add_option("--seconds", idle->how.seconds, "how long it is watched")
    ->check(CLI::Range(0.1, 86'400.0))
    ->capture_default_str();
  to->add_option("--settle", idle->how.settle_s, "seconds before that")
    ->check(CLI::Range(0.0, 3600.0))
    ->capture_default_str();
}

} // namespace quaero::bench
