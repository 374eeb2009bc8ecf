#pragma once

#include "definitions/value.hpp"

#include <string>

namespace quaero::bench {

/// What a figure depends on beside the program: CPU, cores, compiler, kernel,
/// versions, the file system of `dir`, how busy the machine is.
value conditions(const std::string& dir);

} // namespace quaero::bench
