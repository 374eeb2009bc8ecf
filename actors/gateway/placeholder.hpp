#pragma once

#include "definitions/value.hpp"

namespace quaero {

/// Whether a string at any depth of a configuration has a placeholder, which
/// stands for a value that is known only when the step runs.
bool has_placeholder(const value& x);

} // namespace quaero
