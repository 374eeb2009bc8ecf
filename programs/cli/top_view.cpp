#include "programs/cli/top_view.hpp"

#include "programs/cli/progress.hpp"
#include "programs/cli/table.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace quaero::cli {

namespace {

constexpr size_t queues_shown_max = 6;
constexpr size_t actors_shown_max = 6;
constexpr size_t running_shown_min = 3; // rows, before actors give way

using lines = std::vector<std::string>;

std::string rate_text(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), x < 100 ? "%.1f/s" : "%.0f/s", x);
  return buffer;
}

lines lines_of(const console& to, const table& rows) {
  std::ostringstream out;
  console at{out, out};
  at.colours = to.colours;
  at.unicode = to.unicode;
  at.width = to.width;
  rows.print(at);
  lines result;
  std::istringstream in{out.str()};
  for (std::string line; std::getline(in, line);)
    result.push_back(std::move(line));
  return result;
}

std::string fit(const console& to, const std::string& text) {
  auto line = one_line(text);
  return to.width == 0 ? line : cut(line, to.width);
}

lines head_lines(const console& to, const top_sample& x,
                 const top_state& state) {
  const auto& n = x.jobs;
  lines result;
  result.push_back(fit(to, "quaero " + x.version + "  " + x.server + "  "
                             + x.state + "  " + to_rfc3339(x.at)
                             + (state.paused ? "  PAUSED" : "")));
  if (!state.problem.empty())
    result.push_back(paint(to, colour::red, fit(to, state.problem)));
  result.push_back(fit(to, "jobs  pending " + count_text(n.pending)
                             + "  running " + count_text(n.running)
                             + "  completed " + count_text(n.completed)
                             + "  failed " + count_text(n.failed)
                             + "  cancelled " + count_text(n.cancelled)));
  if (state.rates)
    result.push_back(fit(to, "rates  made " + rate_text(state.rates->made)
                               + "  completed "
                               + rate_text(state.rates->completed) + "  failed "
                               + rate_text(state.rates->failed)));
  return result;
}

// All of them as one row, which is paused if one of them is.
queue_numbers sum_of(const std::vector<queue_numbers>& queues) {
  queue_numbers result{.name = count_text(static_cast<int64_t>(queues.size()))
                               + " more"};
  for (const auto& x : queues) {
    result.ready += x.ready;
    result.delayed += x.delayed;
    result.running += x.running;
    result.oldest_ms = std::max(result.oldest_ms, x.oldest_ms);
    result.paused = result.paused || x.paused;
  }
  return result;
}

lines queue_lines(const console& to, const top_sample& x) {
  table rows{{{.heading = "QUEUE", .shrinks = true},
              {.heading = "READY", .right = true},
              {.heading = "DELAYED", .right = true},
              {.heading = "RUNNING", .right = true},
              {.heading = "OLDEST", .right = true},
              {.heading = "STATE"}}};
  auto shown = x.queues;
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto& a, const auto& b) {
                     return a.ready + a.running > b.ready + b.running;
                   });
  if (shown.size() > queues_shown_max) {
    auto more = shown.begin() + queues_shown_max - 1;
    auto rest = sum_of({more, shown.end()});
    shown.erase(more, shown.end());
    shown.push_back(std::move(rest));
  }
  for (const auto& q : shown)
    rows.add({q.name, count_text(q.ready), count_text(q.delayed),
              count_text(q.running),
              q.oldest_ms > 0 ? duration_text(q.oldest_ms) : "",
              q.paused ? "paused" : "open"});
  return shown.empty() ? lines{} : lines_of(to, rows);
}

lines actor_lines(const console& to, const top_sample& x, size_t shown) {
  table rows{{{.heading = "ACTOR", .shrinks = true},
              {.heading = "MAILBOX", .right = true}}};
  shown = std::min(shown, x.actors.size());
  for (size_t i = 0; i < shown; ++i)
    rows.add({x.actors[i].name, count_text(x.actors[i].mailbox)});
  return shown == 0 ? lines{} : lines_of(to, rows);
}

lines running_lines(const console& to, const top_sample& x, size_t offset,
                    size_t shown) {
  table rows{{{.heading = "RUNNING JOB"},
              {.heading = "TYPE", .shrinks = true},
              {.heading = "NAME", .shrinks = true},
              {.heading = "TIME", .right = true},
              {.heading = "JOBS", .right = true}}};
  auto first = std::min(offset, x.running.size());
  auto last = std::min(first + shown, x.running.size());
  for (auto i = first; i < last; ++i) {
    const auto& job = x.running[i];
    rows.add({job.id, job.type, job.name, duration_text(job.duration_ms),
              job.children > 0
                ? count_text(job.finished) + '/' + count_text(job.children)
                : ""});
  }
  return lines_of(to, rows);
}

void append(lines& to, const lines& more) {
  if (more.empty())
    return;
  to.emplace_back();
  to.insert(to.end(), more.begin(), more.end());
}

} // namespace

std::vector<std::string> top_lines(const console& to, const top_sample& sample,
                                   const top_state& state) {
  auto result = head_lines(to, sample, state);
  append(result, queue_lines(to, sample));
  auto actors = actor_lines(to, sample, actors_shown_max);
  auto room = to.height == 0 ? sample.running.size() : to.height;
  if (to.height != 0) {
    // Around the running jobs: a blank line, their heading, the keys.
    auto used = result.size() + 2 + (state.live ? 2 : 0);
    if (used + actors.size() + 1 + running_shown_min > to.height)
      actors.clear();
    used += actors.empty() ? 0 : actors.size() + 1;
    room = to.height > used ? to.height - used : 0;
  }
  append(result, actors);
  append(result, running_lines(to, sample, state.offset, room));
  if (to.height != 0 && result.size() > to.height - (state.live ? 1 : 0))
    result.resize(to.height - (state.live ? 1 : 0));
  if (state.live)
    result.push_back(
      paint(to, colour::grey,
            fit(to, "q quit  p " + std::string{state.paused ? "go on" : "pause"}
                      + "  up/down scroll  "
                      + count_text(static_cast<int64_t>(sample.running.size()))
                      + " of " + count_text(sample.running_total)
                      + " running jobs")));
  return result;
}

} // namespace quaero::cli
