#pragma once

#include <cstddef>
#include <string_view>

namespace quaero {

/// The offset of the first byte that belongs to no well-formed UTF-8 sequence,
/// or npos. is_utf8() and to_utf8() are in json.hpp.
size_t find_invalid_utf8(std::string_view text);

} // namespace quaero
