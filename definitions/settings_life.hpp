#pragma once

#include "definitions/settings.hpp"

#include <vector>

namespace quaero {

/// The rows of setting_table() about what is removed by itself.
std::vector<setting> make_life_tables();

} // namespace quaero
