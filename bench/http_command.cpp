#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/http_bench.hpp"
#include "bench/http_load.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <vector>

namespace quaero::bench {

namespace {

/// What a mode is without options.
struct http_preset {
  std::string name;
  http_mode mode = http_mode::arrays;
  uint32_t connections = 1;
  uint64_t count = 0;
};

const std::vector<http_preset>& presets() {
  static const std::vector<http_preset> all{
    {"arrays", http_mode::arrays, 1, 200'000},
    {"single", http_mode::single, 64, 50'000},
    {"get", http_mode::get, 16, 100'000},
  };
  return all;
}

struct options {
  http_bench_config how;
  std::string mode = "all";
  std::string durability_name = "buffered";
  uint32_t connections = 0; ///< This and the next three: 0 = the mode's own.
  uint64_t jobs = 0;
  uint64_t requests = 0;
  double seconds = 0;
  uint32_t runs = 3;
  bool json = false;
};

http_bench_config config_of(const options& x, const http_preset& preset) {
  auto out = x.how;
  out.mode = preset.mode;
  out.connections = x.connections > 0 ? x.connections : preset.connections;
  const auto count = preset.mode == http_mode::get ? x.requests : x.jobs;
  out.count = count > 0 ? count : preset.count;
  if (x.seconds > 0) {
    out.time = std::chrono::duration<double>{x.seconds};
    if (count == 0) // Whole requests of any size, until the time is over.
      out.count = std::numeric_limits<uint32_t>::max() / out.batch
                  * uint64_t{out.batch};
  }
  return out;
}

const char* rate_name(http_mode mode) {
  return mode == http_mode::get ? "requests_per_s" : "jobs_per_s";
}

template <class T>
value or_null(const std::optional<T>& x) {
  return x ? value{*x} : value{};
}

value numbers_of(http_mode mode, const http_bench_result& x) {
  auto out = value::make_object(
    {{"jobs", x.jobs},
     {"requests", x.requests},
     {"seconds", x.seconds},
     {rate_name(mode), x.per_s},
     {"latency", value::make_object({{"p50_ms", time_at(x.latency_ms, 0.5)},
                                     {"p99_ms", time_at(x.latency_ms, 0.99)},
                                     {"max_ms", time_at(x.latency_ms, 1)}})},
     {"client_cores", x.client_cores},
     {"daemon_cores", or_null(x.daemon_cores)}});
  if (mode != http_mode::get)
    out.set("completed_jobs_per_s", or_null(x.completed_per_s));
  out.set("exact", x.exact);
  return out;
}

value as_value(const options& x, const http_preset& preset,
               const http_bench_config& how,
               std::vector<http_bench_result> runs, value before) {
  auto out = value::make_object({{"scenario", "http_" + preset.name},
                                 {"durability", x.durability_name},
                                 {"connections", how.connections},
                                 {"in_flight", how.in_flight},
                                 {"payload_bytes", how.payload}});
  if (how.mode == http_mode::arrays)
    out.set("batch", how.batch);
  value::array all;
  for (const auto& r : runs)
    all.push_back(numbers_of(how.mode, r));
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.per_s < b.per_s; });
  const auto median = numbers_of(how.mode, runs[runs.size() / 2]);
  for (const auto& [name, number] : median.as_object())
    out.set(name, number);
  out.set("runs", std::move(all));
  out.set("conditions", std::move(before));
  return out;
}

void report(const http_preset& preset, uint32_t run, uint32_t runs,
            const http_bench_result& x) {
  std::fprintf(stderr,
               "%s, run %u of %u: %.0f %s/s, p50 %.2f ms, p99 %.2f ms, max "
               "%.2f ms, client %.2f cores, daemon %.2f, %s%s\n",
               preset.name.c_str(), run, runs, x.per_s,
               preset.mode == http_mode::get ? "requests" : "jobs",
               time_at(x.latency_ms, 0.5), time_at(x.latency_ms, 0.99),
               time_at(x.latency_ms, 1), x.client_cores,
               x.daemon_cores.value_or(0),
               x.exact ? "exact" : "NOT EXACT: ", x.problem.c_str());
}

/// @returns whether all runs were exact.
bool measure(const options& x, const http_preset& preset) {
  const auto how = config_of(x, preset);
  auto before = conditions(how.dir);
  std::vector<http_bench_result> runs;
  for (uint32_t i = 0; i < x.runs; ++i) {
    runs.push_back(run_http(how));
    report(preset, i + 1, x.runs, runs.back());
    if (!runs.back().exact)
      return false;
  }
  print(as_value(x, preset, how, std::move(runs), std::move(before)), x.json);
  return true;
}

int run(options& x) {
  if (!from_string(x.durability_name, x.how.level)) {
    std::fprintf(stderr, "quaero-bench: --durability: group, buffered, each\n");
    return 2;
  }
  x.how.dir = make_folder(x.how.dir);
  bool exact = true;
  for (const auto& preset : presets())
    if (x.mode == "all" || x.mode == preset.name)
      exact = exact && measure(x, preset);
  drop_folder(x.how.dir);
  return exact ? 0 : 1;
}

void add_load_options(CLI::App& command, options& x) {
  command
    .add_option("--connections", x.connections,
                "default: arrays 1, single 64, get 16")
    ->check(CLI::Range(1, 1000));
  command
    .add_option("--in-flight", x.how.in_flight,
                "requests of a connection that wait for their answer")
    ->check(CLI::Range(1, 1000))
    ->capture_default_str();
  command
    .add_option("--jobs", x.jobs,
                "to enqueue; default: arrays 200000, single 50000")
    ->check(CLI::Range(uint64_t{1}, uint64_t{100'000'000}));
  command.add_option("--requests", x.requests, "of mode get; default: 100000")
    ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
  command
    .add_option("--seconds", x.seconds,
                "send for so long; without a number of jobs or requests, any")
    ->check(CLI::Range(0.1, 3600.0));
  command.add_option("--batch", x.how.batch, "jobs in one request of arrays")
    ->check(CLI::Range(1, 10'000))
    ->capture_default_str();
  command.add_option("--payload", x.how.payload, "bytes a job")
    ->check(CLI::Range(14, 65'536))
    ->capture_default_str();
}

} // namespace

void add_http_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command
    = app.add_subcommand("http", "ask a daemon over real connections");
  command->add_option("--mode", x->mode, "arrays, single, get or all")
    ->check(CLI::IsMember({"arrays", "single", "get", "all"}))
    ->capture_default_str();
  command->add_option("--server", x->how.server,
                      "URL; default: a daemon of its own for each run");
  command->add_option("--token", x->how.token, "for that server")
    ->envname("QUAERO_TOKEN");
  add_load_options(*command, *x);
  command
    ->add_option("--durability", x->durability_name, "group, buffered or each")
    ->capture_default_str();
  command->add_option("--runs", x->runs, "the median counts")
    ->check(CLI::Range(1, 100))
    ->capture_default_str();
  command->add_option("--dir", x->how.dir, "for the data of those daemons");
  command->add_flag("--json", x->json, "one JSON line a measurement");
  command->callback([x, &exit_code] { exit_code = run(*x); });
}

} // namespace quaero::bench
