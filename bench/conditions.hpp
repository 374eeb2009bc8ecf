#pragma once

#include "bench/options.hpp"

#include <string>

namespace quaero::bench {

/// What a figure depends on beside the program: CPU, cores, compiler, flags,
/// kernel, versions, the file system of `dir`, when, how busy the machine was.
value conditions(const std::string& dir);

/// The same, and how the database and its commits are set.
value conditions(const bench_options& how);

} // namespace quaero::bench
