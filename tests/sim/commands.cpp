#include "tests/sim/commands.hpp"

#include "tests/sim/simulation.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>

namespace quaero::sim {

namespace {

struct options {
  uint64_t seed = 1;
  uint64_t steps = 300;
  std::string seeds; ///< "A..B", or "".
  double minutes = 0;
  bool trace = false;
  bool list = false;
  std::string mutation;
};

/// Reads "A..B".
bool read_range(const std::string& text, uint64_t& first, uint64_t& last) {
  unsigned long long a = 0;
  unsigned long long b = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "%llu..%llu%n", &a, &b, &end) != 2
      || static_cast<size_t>(end) != text.size() || b < a)
    return false;
  first = a;
  last = b;
  return true;
}

struct sums {
  uint64_t seeds = 0;
  uint64_t steps = 0;
  uint64_t messages = 0;
  uint64_t starts = 0;
  uint64_t jobs = 0;
  double hours = 0;

  void add(const outcome& x) {
    ++seeds;
    steps += x.step;
    messages += x.messages;
    starts += x.starts;
    jobs += x.jobs;
    hours += std::chrono::duration<double, std::ratio<3600>>(x.time).count();
  }
};

int run(const options& how, const std::string& program, uint64_t first,
        uint64_t last) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  auto seconds = [&] {
    return std::chrono::duration<double>(clock::now() - begin).count();
  };
  auto trace = [](const std::string& line) {
    std::fprintf(stderr, "%s\n", line.c_str());
  };
  sums all;
  auto again = program;
  if (!how.mutation.empty())
    again += " --mutation " + how.mutation;
  for (auto seed = first; seed <= last; ++seed) {
    if (how.minutes > 0 && seconds() > how.minutes * 60)
      break;
    const auto x = how.trace ? simulate(seed, how.steps, trace)
                             : simulate(seed, how.steps);
    all.add(x);
    if (!x.ok()) {
      std::printf("%s\n", describe(x, how.steps, again).c_str());
      return 1;
    }
    if (how.trace || seed % 50 == 0)
      std::fprintf(stderr, "seed %llu is good, hash %016llx, %.0f s\n",
                   static_cast<unsigned long long>(seed),
                   static_cast<unsigned long long>(x.hash), seconds());
  }
  std::printf("%llu seeds, %llu steps, %llu messages, %llu jobs, %llu starts "
              "of the daemon, %.0f simulated hours, %.1f s: all good\n",
              static_cast<unsigned long long>(all.seeds),
              static_cast<unsigned long long>(all.steps),
              static_cast<unsigned long long>(all.messages),
              static_cast<unsigned long long>(all.jobs),
              static_cast<unsigned long long>(all.starts), all.hours,
              seconds());
  return 0;
}

} // namespace

int run_program(int argc, char** argv, const std::string& name,
                const planted_mistakes& mistakes) {
  options how;
  CLI::App app{"Simulates the whole runtime from a seed and checks what it "
               "promises.",
               name};
  app.add_option("--seed", how.seed, "the only, or the first, seed");
  app.add_option("--steps", how.steps, "operations of a seed")
    ->check(CLI::Range(1, 1'000'000));
  app.add_option("--seeds", how.seeds, "A..B: all of these");
  app.add_option("--minutes", how.minutes, "seeds from --seed on, so long")
    ->check(CLI::PositiveNumber);
  app.add_flag("--trace", how.trace, "say what each step does");
  app.add_flag("--list-mutations", how.list, "name the planted mistakes");
  app.add_option("--mutation", how.mutation, "make this mistake")
    ->check(CLI::IsMember(mistakes.names));
  CLI11_PARSE(app, argc, argv);
  if (how.list) {
    for (const auto& x : mistakes.names)
      std::printf("%s\n", x.c_str());
    return 0;
  }
  uint64_t first = how.seed;
  uint64_t last = how.minutes > 0 ? UINT64_MAX - 1 : how.seed;
  if (!how.seeds.empty() && !read_range(how.seeds, first, last)) {
    std::fprintf(stderr, "%s: --seeds is A..B, such as 1..300\n", name.c_str());
    return 1;
  }
  if (!how.mutation.empty())
    mistakes.plant(how.mutation);
  return run(how, name, first, last);
}

} // namespace quaero::sim
