#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/lists.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace quaero::bench {

namespace {

struct options {
  lists_config how;
  bool json = false;
};

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

int run(options& asked) {
  auto& how = asked.how;
  how.dir = make_folder(how.dir);
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
  drop_folder(how.dir);
  print(line, asked.json);
  return 0;
}

} // namespace

void add_lists_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command
    = app.add_subcommand("lists", "ask for pages of a long history");
  command->add_option("--jobs", x->how.jobs)
    ->check(CLI::Range(uint64_t{1}, uint64_t{100'000'000}))
    ->capture_default_str();
  command->add_option("--rounds", x->how.rounds, "times each list is asked for")
    ->check(CLI::Range(1, 1'000'000))
    ->capture_default_str();
  command->add_option("--dir", x->how.dir, "for the database");
  command->add_flag("--json", x->json, "one JSON line");
  command->callback([x, &exit_code] { exit_code = run(*x); });
}

} // namespace quaero::bench
