#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Keys in lower case and their texts, for `{key}` placeholders.
using variables = std::map<std::string, std::string, std::less<>>;

/// Reads a file of variables into `out`, over what is there: TOML tables named
/// by the key, with `value` (a string) and optionally `description`.
/// @returns one sentence for each thing that is wrong, with its line; what is
///          right has been read.
std::vector<std::string> read_variables(std::string_view toml, variables& out);

} // namespace quaero
