#include "programs/cli/top_sample.hpp"

#include "programs/cli/ask.hpp"

#include <algorithm>

namespace quaero::cli {

namespace {

constexpr int depth_max = 32; // of the tree of actors

int64_t number_of(const value& x, const char* name) {
  return std::max<int64_t>(0, x.get_int(name).value_or(0));
}

void add_actors(std::vector<actor_numbers>& to, const value::array& actors,
                int depth) {
  for (const auto& x : actors) {
    to.push_back({text_of(x, "name"), number_of(x, "mailbox")});
    if (depth < depth_max)
      add_actors(to, items_of(x, "children"), depth + 1);
  }
}

} // namespace

job_numbers read_job_numbers(const value& stats) {
  return {.total = number_of(stats, "total_jobs"),
          .pending = number_of(stats, "pending_jobs"),
          .running = number_of(stats, "running_jobs"),
          .completed = number_of(stats, "completed_jobs"),
          .failed = number_of(stats, "failed_jobs"),
          .cancelled = number_of(stats, "cancelled_jobs")};
}

std::vector<queue_numbers> read_queues(const value& queues) {
  std::vector<queue_numbers> result;
  for (const auto& x : items_of(queues, "queues"))
    result.push_back({.name = text_of(x, "name"),
                      .ready = number_of(x, "ready"),
                      .delayed = number_of(x, "delayed"),
                      .running = number_of(x, "running"),
                      .oldest_ms = number_of(x, "oldest_age_ms"),
                      .paused = x.get_bool("paused").value_or(false)});
  return result;
}

std::vector<running_job> read_running(const value& jobs, timestamp now) {
  std::vector<running_job> result;
  for (const auto& x : items_of(jobs, "jobs")) {
    using namespace std::chrono;
    timestamp start;
    int64_t ms = 0;
    if (from_rfc3339(text_of(x, "started_at"), start) && now > start)
      ms = duration_cast<milliseconds>(now - start).count();
    result.push_back({.id = text_of(x, "id"),
                      .type = text_of(x, "type"),
                      .name = text_of(x, "name"),
                      .duration_ms = ms,
                      .children = number_of(x, "child_count"),
                      .finished = number_of(x, "completed_children")
                                  + number_of(x, "failed_children")
                                  + number_of(x, "cancelled_children")});
  }
  return result;
}

std::vector<actor_numbers> read_actors(const value& actors) {
  std::vector<actor_numbers> result;
  if (actors.find("name") != nullptr)
    add_actors(result, {actors}, 0);
  std::stable_sort(
    result.begin(), result.end(),
    [](const auto& a, const auto& b) { return a.mailbox > b.mailbox; });
  return result;
}

job_rates rates_between(const top_sample& before, const top_sample& now) {
  auto seconds = std::chrono::duration<double>(now.at - before.at).count();
  if (seconds <= 0 || before.at == timestamp{})
    return {};
  auto rate = [seconds](int64_t a, int64_t b) {
    return static_cast<double>(std::max<int64_t>(0, b - a)) / seconds;
  };
  return {.made = rate(before.jobs.total, now.jobs.total),
          .completed = rate(before.jobs.completed, now.jobs.completed),
          .failed = rate(before.jobs.failed, now.jobs.failed)};
}

} // namespace quaero::cli
