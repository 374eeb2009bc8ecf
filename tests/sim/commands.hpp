#pragma once

#include <string>
#include <vector>

namespace quaero::sim {

/// Mistakes that a program can be told to make.
struct planted_mistakes {
  std::vector<std::string> names;
  void (*plant)(const std::string& name) = nullptr;
};

/// The program: reads its arguments, simulates, says what was found.
/// @returns its exit code: 0 all good, 1 a promise is broken.
int run_program(int argc, char** argv, const std::string& name,
                const planted_mistakes& mistakes);

} // namespace quaero::sim
