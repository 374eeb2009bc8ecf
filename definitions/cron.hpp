#pragma once

#include <string>
#include <string_view>

namespace quaero {

/// Checks the text of a 5-field cron schedule: minute hour day-of-month month
/// day-of-week; `*`, `?`, `a-b`, `*/n`, `a-b/n`, lists, names of months and
/// days; Sunday is 0. Two firings must be at least 5 minutes apart.
/// @returns "" if it is one, else the rule it breaks.
std::string check_cron(std::string_view text);

} // namespace quaero
