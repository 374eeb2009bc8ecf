#include "bench/commands.hpp"
#include "bench/conditions.hpp"
#include "bench/kill.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace quaero::bench {

namespace {

struct options {
  kill_config how;
  bool json = false;
};

value number(uint64_t x) {
  return value{static_cast<int64_t>(x)};
}

int run(options& asked) {
  auto& how = asked.how;
  how.dir = make_folder(how.dir);
  const auto x = run_kill(how);
  auto places = value::make_object();
  for (const auto& [place, n] : x.places)
    places.set(place, number(n));
  auto line = value::make_object({{"scenario", "kill"},
                                  {"seed", number(how.seed)},
                                  {"kills", number(x.kills)},
                                  {"places", std::move(places)},
                                  {"acknowledged", number(x.acknowledged)},
                                  {"resent", number(x.resent)},
                                  {"lost", number(x.lost)},
                                  {"doubled", number(x.doubled)},
                                  {"wrong", number(x.wrong)},
                                  {"verified", number(x.verified)},
                                  {"seconds", x.seconds},
                                  {"conditions", conditions(how.dir)}});
  drop_folder(how.dir);
  print(line, asked.json);
  if (x.problem.empty())
    return 0;
  std::fprintf(stderr, "quaero-bench: seed %llu: %s\n",
               static_cast<unsigned long long>(how.seed), x.problem.c_str());
  return 1;
}

} // namespace

void add_kill_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command = app.add_subcommand(
    "kill", "kill a daemon over and over and look for what is lost");
  command->add_option("--kills", x->how.kills)
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  command->add_option("--seed", x->how.seed, "of times, points and requests")
    ->capture_default_str();
  command
    ->add_option("--verify-every", x->how.verify_every,
                 "kills between two looks at the whole database; 0: none")
    ->check(CLI::Range(0, 100'000))
    ->capture_default_str();
  command->add_option("--dir", x->how.dir, "for the database");
  command->add_flag("--json", x->json, "one JSON line");
  command->callback([x, &exit_code] { exit_code = run(*x); });
}

} // namespace quaero::bench
