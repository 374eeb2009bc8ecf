#include "bench/commands.hpp"
#include "bench/lines.hpp"
#include "bench/scenario.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace quaero::bench {

namespace {

/// A scenario and what it was told.
struct command {
  std::unique_ptr<scenario> what;
  bench_options how;
};

void report(const scenario& what, const bench_options& how, size_t run,
            const measurement& x) {
  const auto line = as_line(what, how, {x});
  const auto name = headline_of(line);
  std::fprintf(stderr, "%s, run %zu of %u: ", what.about().name.c_str(), run,
               how.runs);
  if (!name.empty())
    std::fprintf(stderr, "%s %s, ", name.c_str(),
                 number_text(*number_at(line, name)).c_str());
  if (x.ratio())
    std::fprintf(stderr, "database alone %s, ratio %.2f, ",
                 number_text(*x.raw_per_s).c_str(), *x.ratio());
  std::fprintf(stderr, "%s%s\n",
               x.problem.empty() ? "exact" : "NOT EXACT: ", x.problem.c_str());
}

/// @returns the exit code.
int run(command& x) {
  if (const auto problem = x.what->fit(x.how); !problem.empty()) {
    std::fprintf(stderr, "quaero-bench: %s\n", problem.c_str());
    return 2;
  }
  x.how.dir = make_folder(x.how.dir);
  std::vector<measurement> runs;
  while (runs.size() < x.how.runs) {
    runs.push_back(x.what->run(x.how));
    report(*x.what, x.how, runs.size(), runs.back());
    if (!runs.back().problem.empty())
      return 1;
  }
  const auto line = as_line(*x.what, x.how, std::move(runs));
  drop_folder(x.how.dir);
  print(line, x.how.json);
  return 0;
}

} // namespace

void add_scenario_commands(CLI::App& app, int& exit_code) {
  for (auto make :
       {make_throughput_scenario, make_enqueue_scenario, make_drain_scenario,
        make_mixed_scenario, make_latency_scenario, make_fanout_scenario,
        make_chain_scenario, make_dag_scenario, make_logs_scenario,
        make_schedule_scenario, make_memory_scenario, make_store_scenario,
        make_recover_scenario, make_deaths_scenario, make_churn_scenario,
        make_remote_scenario}) {
    auto x = std::make_shared<command>();
    x->what = make();
    const auto& about = x->what->about();
    x->how = about.defaults;
    auto* sub = app.add_subcommand(about.name, about.what);
    add_options(*sub, x->how, about.takes);
    x->what->add_options(*sub);
    sub->callback([x, &exit_code] { exit_code = run(*x); });
  }
}

} // namespace quaero::bench
