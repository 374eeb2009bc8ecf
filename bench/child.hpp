#pragma once

#include "definitions/value.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace quaero::bench {

/// This program, run with other arguments, has failed.
class child_failed : public std::runtime_error {
public:
  child_failed(int exit, const std::string& why)
    : std::runtime_error{why}, exit_{exit} {}

  int exit() const { return exit_; } ///< What it ended with.

private:
  int exit_;
};

/// Runs this program, by itself, with `arguments` and --json.
/// @returns its measurements.
/// @throws child_failed
std::vector<value> measure_in_child(std::vector<std::string> arguments);

} // namespace quaero::bench
