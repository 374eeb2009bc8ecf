#pragma once

#include "bench/kill.hpp"
#include "bench/kill_plan.hpp"

#include <string>

namespace quaero::bench {

/// Compares what a client knows with the database that is left, and adds what
/// differs to `out`. REQUIRES: no daemon has it open, nothing was going on.
/// @throws std::runtime_error if it cannot be read.
void check_kills(const std::string& database, const kill_plan& known,
                 kill_result& out);

} // namespace quaero::bench
