// quaero-sim-mutants is quaero-sim with a runtime that makes mistakes on
// demand. See docs/testing.md.

#include "actors/mutation.hpp"
#include "tests/sim/commands.hpp"

#include <algorithm>

namespace {

void plant(const std::string& name) {
  const auto& all = quaero::mutation_names;
  const auto i = std::find(all.begin(), all.end(), name);
  quaero::planted_mistake = static_cast<quaero::mutation>(i - all.begin());
}

} // namespace

int main(int argc, char** argv) {
  const auto& all = quaero::mutation_names;
  return quaero::sim::run_program(argc, argv, "quaero-sim-mutants",
                                  {{all.begin() + 1, all.end()}, plant});
}
