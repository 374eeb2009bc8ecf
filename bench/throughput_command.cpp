#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/throughput.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

namespace quaero::bench {

namespace {

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
  x.how.dir = make_folder(x.how.dir);
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
  auto line = as_value(x, median(runs), runs);
  drop_folder(x.how.dir);
  print(line, x.json);
  return 0;
}

} // namespace

void add_throughput_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command
    = app.add_subcommand("throughput", "submit and run noop jobs at once");
  command->add_option("--jobs", x->how.jobs)
    ->check(CLI::Range(uint64_t{1}, uint64_t{100'000'000}))
    ->capture_default_str();
  command->add_option("--batch", x->how.batch, "jobs in one submission")
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  command->add_option("--in-flight", x->how.in_flight)
    ->check(CLI::Range(1, 10'000))
    ->capture_default_str();
  command->add_option("--payload", x->how.payload, "bytes a job")
    ->check(CLI::Range(14, 65'536))
    ->capture_default_str();
  command
    ->add_option("--durability", x->durability_name, "group, buffered or each")
    ->capture_default_str();
  command->add_option("--threads", x->how.threads, "of the actors")
    ->check(CLI::Range(1, 64))
    ->capture_default_str();
  command->add_option("--runs", x->runs, "the median counts")
    ->check(CLI::Range(1, 100))
    ->capture_default_str();
  command->add_option("--dir", x->how.dir, "for the databases");
  command->add_flag("--json", x->json, "one JSON line");
  command->callback([x, &exit_code] { exit_code = run(*x); });
}

} // namespace quaero::bench
