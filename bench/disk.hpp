#pragma once

#include "bench/histogram.hpp"

#include <string>

namespace quaero::bench {

/// Appends 4 KiB to a file in the folder and has the disk take it, many times;
/// the file is removed again.
/// @throws std::runtime_error
histogram measure_syncs(const std::string& dir);

} // namespace quaero::bench
