#pragma once

#include "actors/metrics.hpp"

namespace quaero {

/// What this program is. The commit is "unknown" if it was not built in a
/// repository, and ends with "-dirty" if files differed from it.
build_facts built();

} // namespace quaero
