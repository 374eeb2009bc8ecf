#include "actors/gateway/schedule_views.hpp"

#include "definitions/cron.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace quaero {

namespace {

constexpr size_t next_runs_shown = 5;

const schedule_view* find_view(const schedule_facts& facts,
                               const std::string& id) {
  const auto i = facts.views.find(id);
  return i == facts.views.end() ? nullptr : &i->second;
}

/// When it fires next; none that does not fire.
std::vector<timestamp> next_of(const job_definition& x,
                               const schedule_facts& facts, timestamp now,
                               size_t n) {
  const auto zone = find_time_zone(x.time_zone);
  if (!x.enabled || x.schedule.empty() || !zone)
    return {};
  const auto* view = find_view(facts, x.id);
  return next_firings(x.schedule, *zone,
                      view ? std::max(view->counted, now) : now, n);
}

value last_run_json(const schedule_record& x, const schedule_facts& facts) {
  auto out = value::make_object(
    {{"job_id", to_string(x.run)}, {"scheduled_for", to_rfc3339(x.run_for)}});
  if (auto i = facts.runs.find(x.run); i != facts.runs.end())
    out.set("status", to_string(i->second.state.status));
  return out;
}

void set_last_tick(value& out, const schedule_record& x) {
  if (x.outcome == tick_outcome::none)
    return;
  auto tick = value::make_object(
    {{"at", to_rfc3339(x.last_tick)}, {"outcome", to_string(x.outcome)}});
  if (x.other)
    tick.set("other_run", to_string(x.other));
  if (!x.error.empty())
    tick.set("error", x.error);
  out.set("last_tick", std::move(tick));
}

value waiting_json(const schedule_view* view) {
  value::array out;
  if (view == nullptr)
    return out;
  if (view->record.waiting != timestamp{})
    out.emplace_back(to_rfc3339(view->record.waiting));
  for (auto at : view->owed)
    out.emplace_back(to_rfc3339(at));
  return out;
}

} // namespace

void ask_schedules(const exchange_ptr& ex, std::vector<std::string> of,
                   std::function<void(const schedule_facts&)> then) {
  auto facts = std::make_shared<schedule_facts>();
  if (!ex->actors().scheduler)
    return then(*facts);
  ex->ask<schedule_list>(
    ex->actors().scheduler,
    [=](schedule_list& all) {
      facts->firing = all.firing;
      for (auto& x : all.schedules)
        facts->views.emplace(x.definition_id, std::move(x));
      id_list runs;
      for (const auto& id : of)
        if (const auto* view = find_view(*facts, id); view && view->record.run)
          runs.ids.push_back(view->record.run);
      ex->ask<std::vector<job_view>>(
        ex->actors().reader,
        [=](std::vector<job_view>& found) {
          for (auto& x : found)
            facts->runs.emplace(x.job.id, std::move(x));
          then(*facts);
        },
        atom::get_v, runs);
    },
    atom::list_v);
}

value schedule_json(const job_definition& x, const schedule_facts& facts,
                    timestamp now) {
  value::array next;
  value::array local;
  const auto zone = find_time_zone(x.time_zone).value_or(time_zone{});
  for (auto at : next_of(x, facts, now, next_runs_shown)) {
    next.emplace_back(to_rfc3339(at));
    local.emplace_back(to_local_rfc3339(at, zone));
  }
  const auto* view = find_view(facts, x.id);
  auto out = value::make_object(
    {{"definition_id", x.id},
     {"name", x.name},
     {"schedule", x.schedule},
     {"time_zone", x.time_zone.empty() ? "UTC" : x.time_zone},
     {"missed", to_string(x.missed)},
     {"overlap", to_string(x.overlap)},
     {"enabled", x.enabled},
     {"auto_start", x.auto_start},
     {"next_runs", std::move(next)},
     {"next_runs_local", std::move(local)},
     {"waiting", waiting_json(view)}});
  if (view == nullptr)
    return out;
  set_last_tick(out, view->record);
  if (view->record.run)
    out.set("last_run", last_run_json(view->record, facts));
  return out;
}

value run_times_json(const job_definition& x, const schedule_facts& facts,
                     timestamp now) {
  auto out = value::make_object();
  for (auto at : next_of(x, facts, now, 1))
    out.set("next_run", to_rfc3339(at));
  if (const auto* view = find_view(facts, x.id); view && view->record.run)
    out.set("last_run", last_run_json(view->record, facts));
  return out;
}

} // namespace quaero
