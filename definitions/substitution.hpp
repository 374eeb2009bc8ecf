#pragma once

#include "definitions/value.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Looks up a key (lower case) of the key/value store.
using key_lookup
  = std::function<std::optional<std::string>(std::string_view key)>;

/// Replaces placeholders in every string of `x`, at any depth. A string that
/// is exactly `{config.name}` becomes that member of `job_config`, with its
/// type (name may be a dotted path); `{key}` anywhere in a string becomes the
/// text of that key, in any case. Names are letters, digits, `-`, `_` and `.`
/// with at least one letter; braces around anything else are no placeholder.
/// Keys are replaced in what came from `job_config` too, but never in what
/// came from a key.
/// @returns the placeholders that nothing resolved, each once; they stay as
///          they were.
std::vector<std::string> substitute(value& x, const value& job_config,
                                    const key_lookup& keys);

} // namespace quaero
