#include "actors/gateway/router.hpp"
#include "actors/gateway/schedule_views.hpp"

#include <algorithm>
#include <memory>
#include <tuple>

namespace quaero {

namespace {

void show_scheduler(const exchange_ptr& ex) {
  ex->ask<std::vector<job_definition>>(
    ex->actors().reader,
    [ex](std::vector<job_definition>& found) {
      std::erase_if(found, [](const job_definition& x) {
        return x.schedule.empty() && !x.auto_start;
      });
      std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.id) < std::tie(b.name, b.id);
      });
      auto all
        = std::make_shared<std::vector<job_definition>>(std::move(found));
      std::vector<std::string> ids;
      for (const auto& x : *all)
        ids.push_back(x.id);
      ask_schedules(ex, std::move(ids), [ex, all](const schedule_facts& facts) {
        const auto now = ex->context().config.clock->now();
        value::array schedules;
        for (const auto& x : *all)
          schedules.push_back(schedule_json(x, facts, now));
        ex->reply(value::make_object(
          {{"firing", facts.firing}, {"schedules", std::move(schedules)}}));
      });
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
