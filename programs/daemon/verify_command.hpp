#pragma once

#include <span>

namespace quaero {

/// `quaerod verify`: looks at the database of a daemon that does not run.
/// @param arguments behind the word "verify".
/// @returns its exit code: 0 sound, 1 damaged, 2 it could not look.
int run_verify(std::span<const char* const> arguments);

} // namespace quaero
