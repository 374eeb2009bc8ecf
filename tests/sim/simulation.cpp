#include "tests/sim/simulation.hpp"

#include "tests/sim/world.hpp"

namespace quaero::sim {

outcome simulate(uint64_t seed, uint64_t steps,
                 const std::function<void(const std::string&)>& trace) {
  outcome out;
  out.seed = seed;
  world x{seed};
  auto tell = [&] {
    if (trace)
      trace(std::to_string(out.step) + ' ' + x.note + ", "
            + std::to_string(x.messages) + " messages, "
            + std::to_string(x.facts.jobs().size()) + " jobs, "
            + std::to_string(x.held.size()) + " attempts, "
            + to_rfc3339(x.clock.now()));
  };
  while (out.step < steps && !x.broken()) {
    ++out.step;
    x.step();
    tell();
  }
  if (!x.broken()) {
    x.finish();
    tell();
  }
  out.broken = x.broken();
  out.note = x.note;
  out.messages = x.messages;
  out.starts = x.starts;
  out.jobs = x.facts.jobs().size();
  out.time = x.latest - x.began;
  out.hash = x.trace_hash;
  return out;
}

std::string describe(const outcome& x, uint64_t steps,
                     const std::string& program) {
  if (x.ok())
    return "seed " + std::to_string(x.seed) + " is good";
  return "seed " + std::to_string(x.seed) + ", step " + std::to_string(x.step)
         + " (" + x.note + "): " + x.broken->promise
         + " is broken: " + x.broken->what + "\n  again: " + program
         + " --seed " + std::to_string(x.seed) + " --steps "
         + std::to_string(steps) + " --trace";
}

} // namespace quaero::sim
