#pragma once

#include "definitions/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Checks the text of a 5-field cron schedule: minute hour day-of-month month
/// day-of-week; `*`, `?`, `a-b`, `*/n`, `a-b/n`, lists, names of months and
/// days; Sunday is 0. Two firings must be at least 5 minutes apart.
/// @returns "" if it is one, else the rule it breaks.
std::string check_cron(std::string_view text);

/// The next `n` moments after `from` at which the schedule fires, in UTC.
/// Fewer if it does not fire within 10 years of the one before: 30 February
/// never comes. When day of month and day of week are both restricted, a match
/// on either is enough. None for a text that is no schedule.
std::vector<timestamp> next_firings(std::string_view text, timestamp from,
                                    size_t n);

} // namespace quaero
