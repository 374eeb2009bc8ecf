#include "actors/gateway/router.hpp"
#include "actors/gateway/views.hpp"
#include "definitions/cron.hpp"
#include "definitions/time.hpp"

#include <algorithm>
#include <tuple>

namespace quaero {

namespace {

constexpr size_t next_runs_shown = 5;

value schedule_json(const job_definition& x, timestamp now) {
  value::array next;
  for (auto at : next_firings(x.schedule, now, next_runs_shown))
    next.emplace_back(to_rfc3339(at));
  return value::make_object({{"definition_id", x.id},
                             {"name", x.name},
                             {"schedule", x.schedule},
                             {"enabled", x.enabled},
                             {"auto_start", x.auto_start},
                             {"next_runs", std::move(next)}});
}

// Schedules are kept and can be looked at; nobody starts runs by them yet, and
// the answer must not let anybody believe it.
void show_scheduler(const exchange_ptr& ex) {
  ex->ask<std::vector<job_definition>>(
    ex->actors().reader,
    [ex](std::vector<job_definition>& all) {
      std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.id) < std::tie(b.name, b.id);
      });
      const auto now = system_wall_clock().now();
      value::array schedules;
      for (const auto& x : all)
        if (!x.schedule.empty() || x.auto_start)
          schedules.push_back(schedule_json(x, now));
      ex->reply(value::make_object({{"running", false},
                                    {"firing", false},
                                    {"time_zone", "UTC"},
                                    {"schedules", std::move(schedules)}}));
    },
    atom::list_v);
}

} // namespace

const std::vector<route>& scheduler_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/scheduler", show_scheduler}};
  return routes;
}

} // namespace quaero
