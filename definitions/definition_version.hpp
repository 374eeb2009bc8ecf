#pragma once

#include "definitions/job_definition.hpp"

#include <string>
#include <string_view>

namespace quaero {

/// Tells two contents of a definition apart: 16 hex digits.
std::string definition_version(const job_definition& x);

/// Whether an If-Match or If-None-Match field names that version: `*`, or one
/// of its entity tags. A tag may go on behind the version with a dash.
/// @param weak whether weak tags count, as they do for If-None-Match.
bool names_version(std::string_view field, std::string_view version, bool weak);

} // namespace quaero
