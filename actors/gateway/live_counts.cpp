#include "actors/gateway/live_counts.hpp"

#include "actors/gateway/views.hpp"

#include <memory>
#include <set>

namespace quaero {

namespace {

struct gathering {
  counts_by_job counts;
  size_t open = 0;
  std::function<void(const counts_by_job&)> done;
};

void add(counts_by_job& out, const job_id& manager, const run_progress& x) {
  out[manager] = x.children;
  for (const auto& step : x.steps)
    if (step.id)
      out[step.id] = step.children;
}

} // namespace

void with_progress(const exchange_ptr& ex, const job_id& manager,
                   std::function<void(std::optional<run_progress>)> done) {
  // Any error means the same: there is nothing newer than what is stored.
  ex->ask_or<run_progress>(
    ex->actors().job_manager, [done](run_progress& x) { done(std::move(x)); },
    [done](const caf::error&) { done(std::nullopt); }, atom::progress_v,
    manager);
}

bool has_live_counts(const job_view& x) {
  return !is_terminal(x.state.status)
         && (x.job.type == manager_job_type || x.job.type == step_job_type)
         && x.job.manager_id;
}

void with_live_counts(const exchange_ptr& ex, const std::vector<job_view>& jobs,
                      std::function<void(const counts_by_job&)> done) {
  std::set<job_id> managers;
  for (const auto& x : jobs)
    if (has_live_counts(x))
      managers.insert(x.job.manager_id);
  if (managers.empty())
    return done({});
  auto all = std::make_shared<gathering>();
  all->open = managers.size();
  all->done = std::move(done);
  for (const auto& id : managers)
    with_progress(ex, id, [all, id](const std::optional<run_progress>& x) {
      if (x)
        add(all->counts, id, *x);
      if (--all->open == 0)
        all->done(all->counts);
    });
}

value jobs_json(const std::vector<job_view>& jobs, const counts_by_job& live) {
  value::array out;
  for (const auto& x : jobs) {
    auto it = live.find(x.job.id);
    const bool use_live = it != live.end() && has_live_counts(x);
    out.push_back(job_json(x, use_live ? it->second : x.state.children));
  }
  return out;
}

} // namespace quaero
