// quaero-sim simulates the whole runtime from one seed. See docs/testing.md.

#include "tests/sim/commands.hpp"

int main(int argc, char** argv) {
  return quaero::sim::run_program(argc, argv, "quaero-sim", {});
}
