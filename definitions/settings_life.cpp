#include "definitions/settings_life.hpp"

namespace quaero {

namespace {

constexpr uint64_t age_ms_max
  = std::chrono::milliseconds{retention_age_max}.count();

constexpr size_t completed = 0; // as in retained_states
constexpr size_t failed = 1;
constexpr size_t cancelled = 2;

template <size_t State>
setting age_row(const char* name, const char* fallback, const char* sentence) {
  return {
    name,       +[](settings& x) { return &x.retention.limits[State].age; },
    fallback,   "duration",
    sentence,   0,
    age_ms_max, {}};
}

template <size_t State>
setting count_row(const char* name, const char* sentence) {
  return {name,
          +[](settings& x) { return &x.retention.limits[State].count; },
          "0",
          "runs",
          sentence,
          0,
          retention_count_max,
          {}};
}

} // namespace

std::vector<setting> make_life_tables() {
  using s = settings;
  return {
    {"retention.interval",
     +[](s& x) { return &x.retention.interval; },
     "10m",
     "duration",
     "Between two looks for runs and jobs to remove.",
     1000,
     86'400'000,
     {}},
    age_row<completed>("retention.completed_age", "30d",
                       "Runs and single jobs that completed longer ago are "
                       "removed; 0s = none."),
    age_row<failed>("retention.failed_age", "90d",
                    "The same for those that failed; 0s = none."),
    age_row<cancelled>("retention.cancelled_age", "30d",
                       "The same for those that were cancelled; 0s = none."),
    count_row<completed>("retention.completed_max",
                         "Of those that completed so many stay, the newest; "
                         "0 = all."),
    count_row<failed>("retention.failed_max",
                      "The same for those that failed; 0 = all."),
    count_row<cancelled>("retention.cancelled_max",
                         "The same for those that were cancelled; 0 = all."),
    {"compaction.interval",
     +[](s& x) { return &x.compaction.interval; },
     "1m",
     "duration",
     "Between two looks whether room on disk can be given back.",
     1000,
     86'400'000,
     {}},
    {"compaction.jobs_min",
     +[](s& x) { return &x.compaction.jobs_min; },
     "100000",
     "jobs",
     "Jobs that must be done, or removed, before it is worth it; 0 = never.",
     0,
     1'000'000'000,
     {}},
  };
}

} // namespace quaero
