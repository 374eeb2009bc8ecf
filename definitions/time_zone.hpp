#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace quaero {

/// A zone of the machine's IANA database: what clocks on its walls show. The
/// one home of the date library. Values; any thread.
/// Bounds: changes of the clock are known as far as the database lists them,
/// which is until 2037; behind that the last offset holds.
class time_zone {
public:
  using seconds = std::chrono::sys_seconds;

  /// A stretch of time in which the clocks run evenly.
  struct period {
    seconds begin;               ///< Of the stretch; far back if it has none.
    seconds end;                 ///< Exclusive.
    std::chrono::seconds offset; ///< Local time is UTC plus this.
  };

  /// UTC.
  time_zone() = default;

  /// The stretch that `at` is in.
  period at(seconds at) const;

private:
  friend std::optional<time_zone> find_time_zone(std::string_view name);

  const void* zone_ = nullptr; ///< Lives for ever; null is UTC.
};

/// "Europe/Berlin"; "" and "UTC" are UTC. The database is read at the first
/// call, a zone at its first use.
/// @returns nothing if there is none of that name, or no database.
std::optional<time_zone> find_time_zone(std::string_view name);

/// A moment as the clocks of a zone show it, with the offset:
/// "2026-03-29T03:00:00.000+02:00".
std::string to_local_rfc3339(std::chrono::sys_time<std::chrono::nanoseconds> t,
                             const time_zone& zone);

} // namespace quaero
