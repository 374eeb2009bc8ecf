// The whole runtime, from many seeds.

#define BOOST_TEST_MODULE sim
#include "tests/sim/simulation.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero::sim;

namespace {

constexpr uint64_t seeds = 300;
constexpr uint64_t steps = 200;

} // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(promises_hold_in_hundreds_of_lives) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto x = simulate(seed, steps);
    BOOST_REQUIRE_MESSAGE(x.ok(), describe(x, steps, "quaero-sim"));
  }
}

BOOST_AUTO_TEST_CASE(a_seed_is_the_same_life_each_time) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const auto once = simulate(seed, steps);
    const auto twice = simulate(seed, steps);
    BOOST_TEST(once.hash == twice.hash);
    BOOST_TEST(once.messages == twice.messages);
    BOOST_TEST(once.jobs == twice.jobs);
    BOOST_TEST(once.hash != simulate(seed + 1000, steps).hash);
  }
}

BOOST_AUTO_TEST_SUITE_END()
