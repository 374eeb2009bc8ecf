#pragma once

#include "definitions/settings.hpp"

#include <vector>

namespace quaero {

/// The rows of setting_table() about how the HTTP API is served.
std::vector<setting> make_http_tables();

} // namespace quaero
