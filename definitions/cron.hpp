#pragma once

#include "definitions/time.hpp"
#include "definitions/time_zone.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Checks the text of a 5-field cron schedule: minute hour day-of-month month
/// day-of-week; `*`, `?`, `a-b`, `*/n`, `a-b/n`, lists, names of months and
/// days; Sunday is 0. Two firings must be at least 5 minutes apart.
/// @returns "" if it is one, else the rule it breaks.
std::string check_cron(std::string_view text);

/// A schedule that was read. When the clocks of its zone change:
/// - A local time that they leave out fires at the first moment after the gap,
///   once for all times that are left out.
/// - A local time that they show twice fires the first time.
/// - A schedule of every hour (`*` as its hour) goes by the hours that pass: it
///   fires in both of two hours that are called the same, and for none that is
///   left out.
/// When day of month and day of week are both restricted, a match on either is
/// enough.
class cron_schedule {
public:
  struct field {
    uint64_t values = 0; ///< A bit for each.
    bool any = false;    ///< Not restricted: "*", "?" or "*/1".
  };
  using fields = std::array<field, 5>;

  /// Nothing for a text that is no schedule. Firings that are too close do not
  /// matter here.
  static std::optional<cron_schedule> parse(std::string_view text);

  /// The first firing after `from`, in UTC; nothing if there is none within 10
  /// years: 30 February never comes.
  /// Bounds: a look at each day of the months it fires in.
  std::optional<timestamp> next(timestamp from, const time_zone& zone) const;

  /// The last `n` firings in (after, until], the oldest first. `n` > 0.
  /// Bounds: about twice the firings that there were, `n` or so; when they come
  /// in clusters, those of a cluster.
  std::vector<timestamp> last(timestamp after, timestamp until, size_t n,
                              const time_zone& zone) const;

private:
  bool every_hour() const;

  fields fields_;
};

/// The next `n` firings of a schedule after `from`. Fewer if it does not fire
/// within 10 years of the one before. None for a text that is no schedule.
std::vector<timestamp> next_firings(std::string_view text,
                                    const time_zone& zone, timestamp from,
                                    size_t n);

} // namespace quaero
