#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace quaero::bench {

struct kill_config {
  uint32_t kills = 100;       ///< > 0
  uint64_t seed = 1;          ///< Of the times, the points and what is asked.
  uint32_t verify_every = 10; ///< Kills between two looks at the whole
                              ///< database; 0: only at the end.
  std::string dir;            ///< For the database; emptied before and after.
};

struct kill_result {
  uint64_t kills = 0;
  /// How often it died where; "random" is a moment of no name, "start" one
  /// before it was ready.
  std::map<std::string, uint64_t> places;
  uint64_t acknowledged = 0; ///< Jobs and runs that were answered for.
  uint64_t resent = 0;       ///< Requests whose first answer was lost.
  uint64_t lost = 0;         ///< Acknowledged and not there.
  uint64_t doubled = 0;      ///< There more than once, or never asked for.
  uint64_t wrong = 0; ///< Not over once, epochs not ascending, a log with gaps.
  uint64_t verified = 0; ///< Looks at the whole database.
  double seconds = 0;
  std::string problem; ///< The first; "" if all is right.
};

/// Puts load on a daemon from outside, kills it with SIGKILL at random moments
/// and at named points, and starts it again, over and over. Keeps what was
/// acknowledged, and sends again what was not answered, with the same key. At
/// the end, and in part in between, compares with what is there.
/// @throws std::runtime_error if the daemon refuses anything, ends in another
///         way, or does not start.
kill_result run_kill(const kill_config& how);

} // namespace quaero::bench
