#pragma once

#include "tests/sim/model.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace quaero::sim {

/// What became of one seed.
struct outcome {
  uint64_t seed = 0;
  std::optional<broken_promise> broken;
  uint64_t step = 0; ///< The last one that was taken; from 1.
  std::string note;  ///< What it was about.
  uint64_t messages = 0;
  uint64_t starts = 0; ///< Of the daemon.
  uint64_t jobs = 0;
  std::chrono::nanoseconds time{}; ///< That went by in the simulation.
  uint64_t hash = 0;               ///< Of everything that the dice decided.

  bool ok() const { return !broken; }
};

/// Takes so many steps with the dice of a seed, and then lets everything come
/// to its end. The same seed and steps give the same outcome, always.
/// @param trace is told what each step does; may be empty.
/// Bounds: about a millisecond a step.
/// Threads: one simulation at a time in a process.
outcome simulate(uint64_t seed, uint64_t steps,
                 const std::function<void(const std::string&)>& trace = {});

/// How to see it again.
std::string describe(const outcome& x, uint64_t steps,
                     const std::string& program);

} // namespace quaero::sim
