#pragma once

#include "definitions/secrets.hpp"
#include "definitions/value.hpp"

#include <string>
#include <vector>

namespace quaero {

/// Replaces placeholders in every string of `x`, at any depth. A string that
/// is exactly `{config.name}` becomes that member of `job_config`, with its
/// type (name may be a dotted path); `{key}` anywhere in a string becomes the
/// text of that key, in any case. Names are letters, digits, `-`, `_` and `.`
/// with at least one letter; braces around anything else are no placeholder.
/// Keys are replaced in what came from `job_config` too, but never in what
/// came from a key.
/// @param used gets the secrets among them, if it is not null.
/// @returns the placeholders that nothing resolved, each once; they stay as
///          they were.
std::vector<std::string> substitute(value& x, const value& job_config,
                                    const key_lookup& keys,
                                    secrets* used = nullptr);

/// Whether a string of `x`, at any depth, has braces that may stand for
/// something that is only known at run time.
bool has_placeholder(const value& x);

} // namespace quaero
