// Every planted mistake is found, and nothing is found where there is none.

#define BOOST_TEST_MODULE mutants
#include "actors/mutation.hpp"
#include "tests/sim/simulation.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace quaero;
using namespace quaero::sim;

namespace {

/// Seeds that a mistake may hide in. The rarest was found by the 8th.
constexpr uint64_t seeds_max = 200;
constexpr uint64_t steps = 300;

/// The first seed that finds it, or 0.
uint64_t found_by(mutation x) {
  planted_mistake = x;
  for (uint64_t seed = 1; seed <= seeds_max; ++seed)
    if (const auto out = simulate(seed, steps); !out.ok()) {
      planted_mistake = mutation::none;
      BOOST_TEST_MESSAGE(mutation_names[static_cast<size_t>(x)]
                         << ": " << describe(out, steps, "quaero-sim-mutants"));
      return seed;
    }
  planted_mistake = mutation::none;
  return 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mutants)

BOOST_AUTO_TEST_CASE(every_planted_mistake_is_found) {
  uint64_t most = 1;
  for (size_t i = 1; i < mutation_names.size(); ++i) {
    const auto seed = found_by(static_cast<mutation>(i));
    BOOST_TEST(seed != 0u, mutation_names[i] << " is not found");
    most = std::max(most, seed);
  }
  // The same lives without a mistake: so it was the mistake that was found.
  for (uint64_t seed = 1; seed <= most; ++seed) {
    const auto x = simulate(seed, steps);
    BOOST_TEST(x.ok(), describe(x, steps, "quaero-sim-mutants"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
