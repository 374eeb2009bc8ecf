#pragma once

#include <span>

namespace quaero {

/// `quaerod --join HOST:PORT --token TOKEN` and `quaerod --node`: works for a
/// hub until SIGINT or SIGTERM.
/// @returns its exit code: 0 stopped, 1 it could not join or start, 2 the
///          command line or a setting is wrong, 3 the hub does not take it any
///          more.
int run_node(std::span<const char* const> arguments);

} // namespace quaero
