// quaero-bench measures the runtime in process.
//
//   throughput  noop jobs from submission to their committed, published end,
//               against the database alone with the same records
//   live        lines of a run to many WebSockets that follow it
//   lists       pages of 50 jobs out of a long history, by several filters
//
// Every run checks that exactly the right jobs ran; a run that is not exact
// ends with 1 and its figure is void.

#include "bench/conditions.hpp"
#include "bench/lists.hpp"
#include "bench/live.hpp"
#include "bench/throughput.hpp"
#include "definitions/json.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace quaero;
using namespace quaero::bench;

struct options {
  throughput_config how;
  std::string durability_name = "buffered";
  uint32_t runs = 3;
  bool json = false;
};

throughput_result median(std::vector<throughput_result> runs) {
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.ratio() < b.ratio(); });
  return runs[runs.size() / 2];
}

value as_value(const options& x, const throughput_result& result,
               const std::vector<throughput_result>& runs) {
  value::array all;
  for (const auto& r : runs)
    all.push_back(value::make_object({{"jobs_per_s", r.jobs_per_s},
                                      {"raw_jobs_per_s", r.raw_jobs_per_s},
                                      {"ratio", r.ratio()}}));
  return value::make_object({{"scenario", "throughput"},
                             {"durability", x.durability_name},
                             {"jobs", static_cast<int64_t>(x.how.jobs)},
                             {"payload_bytes", static_cast<int>(x.how.payload)},
                             {"batch", static_cast<int>(x.how.batch)},
                             {"jobs_per_s", result.jobs_per_s},
                             {"raw_jobs_per_s", result.raw_jobs_per_s},
                             {"ratio", result.ratio()},
                             {"exact", result.exact},
                             {"runs", std::move(all)},
                             {"conditions", conditions(x.how.dir)}});
}

int run(options& x) {
  if (!from_string(x.durability_name, x.how.level)) {
    std::fprintf(stderr, "quaero-bench: --durability: group, buffered, each\n");
    return 2;
  }
  if (x.how.dir.empty())
    x.how.dir = std::filesystem::temp_directory_path()
                / ("quaero-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(x.how.dir);
  std::vector<throughput_result> runs;
  for (uint32_t i = 0; i < x.runs; ++i) {
    runs.push_back(run_throughput(x.how));
    const auto& r = runs.back();
    std::fprintf(stderr,
                 "run %u of %u: %.0f jobs/s, database alone %.0f, ratio %.2f, "
                 "%s%s\n",
                 i + 1, x.runs, r.jobs_per_s, r.raw_jobs_per_s, r.ratio(),
                 r.exact ? "exact" : "NOT EXACT: ", r.problem.c_str());
    if (!r.exact)
      return 1;
  }
  auto result = median(runs);
  auto line = as_value(x, result, runs);
  std::filesystem::remove_all(x.how.dir);
  std::printf("%s\n",
              x.json ? to_json(line).c_str() : to_pretty_json(line).c_str());
  return 0;
}

int run_live_bench(live_bench_config how, bool json) {
  if (how.dir.empty())
    how.dir = std::filesystem::temp_directory_path()
              / ("quaero-bench-" + std::to_string(getpid()));
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
  std::filesystem::remove_all(how.dir);
  std::printf("%s\n",
              json ? to_json(line).c_str() : to_pretty_json(line).c_str());
  return x.exact ? 0 : 1;
}

value as_value(const list_result& x) {
  return value::make_object({{"query", x.query},
                             {"total", x.total},
                             {"total_is_exact", x.total_is_exact},
                             {"jobs", x.jobs},
                             {"first_ms", x.first_ms},
                             {"p50_ms", x.p50_ms},
                             {"p99_ms", x.p99_ms},
                             {"max_ms", x.max_ms}});
}

int run(lists_config& how, bool json) {
  if (how.dir.empty())
    how.dir = std::filesystem::temp_directory_path()
              / ("quaero-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(how.dir);
  value::array lists;
  for (const auto& x : run_lists(how)) {
    std::fprintf(stderr,
                 "%-50s %8llu%s  p50 %.2f ms, p99 %.2f ms, max %.2f ms\n",
                 x.query.c_str(), static_cast<unsigned long long>(x.total),
                 x.total_is_exact ? " " : "+", x.p50_ms, x.p99_ms, x.max_ms);
    lists.push_back(as_value(x));
  }
  auto line = value::make_object({{"scenario", "lists"},
                                  {"jobs", how.jobs},
                                  {"lists", std::move(lists)},
                                  {"conditions", conditions(how.dir)}});
  std::filesystem::remove_all(how.dir);
  std::printf("%s\n",
              json ? to_json(line).c_str() : to_pretty_json(line).c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  options x;
  CLI::App app{"Measures the runtime in process.", "quaero-bench"};
  app.require_subcommand(1);
  auto* throughput
    = app.add_subcommand("throughput", "submit and run noop jobs at once");
  throughput->add_option("--jobs", x.how.jobs)
    ->check(CLI::Range(uint64_t{1}, uint64_t{100'000'000}))
    ->capture_default_str();
  throughput->add_option("--batch", x.how.batch, "jobs in one submission")
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  throughput->add_option("--in-flight", x.how.in_flight)
    ->check(CLI::Range(1, 10'000))
    ->capture_default_str();
  throughput->add_option("--payload", x.how.payload, "bytes a job")
    ->check(CLI::Range(14, 65'536))
    ->capture_default_str();
  throughput
    ->add_option("--durability", x.durability_name, "group, buffered or each")
    ->capture_default_str();
  throughput->add_option("--threads", x.how.threads, "of the actors")
    ->check(CLI::Range(1, 64))
    ->capture_default_str();
  throughput->add_option("--runs", x.runs, "the median counts")
    ->check(CLI::Range(1, 100))
    ->capture_default_str();
  throughput->add_option("--dir", x.how.dir, "for the databases");
  throughput->add_flag("--json", x.json, "one JSON line");
  live_bench_config live;
  auto* live_command
    = app.add_subcommand("live", "follow the lines of a run with many clients");
  live_command->add_option("--clients", live.clients)
    ->check(CLI::Range(1, 250))
    ->capture_default_str();
  live_command->add_option("--lines", live.lines_per_s, "a second")
    ->check(CLI::Range(1, 1'000'000))
    ->capture_default_str();
  live_command->add_option("--seconds", live.seconds)
    ->check(CLI::Range(1, 3600))
    ->capture_default_str();
  live_command->add_option("--dir", live.dir, "for the database");
  live_command->add_flag("--json", x.json, "one JSON line");
  lists_config how;
  auto* lists = app.add_subcommand("lists", "ask for pages of a long history");
  lists->add_option("--jobs", how.jobs)
    ->check(CLI::Range(uint64_t{1}, uint64_t{100'000'000}))
    ->capture_default_str();
  lists->add_option("--rounds", how.rounds, "times each list is asked for")
    ->check(CLI::Range(1, 1'000'000))
    ->capture_default_str();
  lists->add_option("--dir", how.dir, "for the database");
  lists->add_flag("--json", x.json, "one JSON line");
  CLI11_PARSE(app, argc, argv);
  try {
    if (live_command->parsed())
      return run_live_bench(live, x.json);
    if (lists->parsed())
      return run(how, x.json);
    return run(x);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "quaero-bench: %s\n", e.what());
    return 1;
  }
}
