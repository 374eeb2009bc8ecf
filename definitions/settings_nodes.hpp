#pragma once

#include "definitions/settings.hpp"

#include <vector>

namespace quaero {

/// The rows of setting_table() about other machines that work.
std::vector<setting> make_nodes_table();

} // namespace quaero
