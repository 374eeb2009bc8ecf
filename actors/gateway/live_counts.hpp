#pragma once

#include "actors/gateway/exchange.hpp"

#include <functional>
#include <map>
#include <optional>
#include <vector>

/// Numbers of runs that go on: the run itself knows them, the database only
/// how they were when it ended.
namespace quaero {

/// Counts by job: of runs and of their steps.
using counts_by_job = std::map<job_id, child_counts>;

/// Asks a run how it is and passes that on; nothing if it is over.
void with_progress(const exchange_ptr& ex, const job_id& manager,
                   std::function<void(std::optional<run_progress>)> done);

/// Whether the run must be asked for the numbers of this job.
bool has_live_counts(const job_view& x);

/// Asks every run that one of `jobs` is or belongs to, each once.
void with_live_counts(const exchange_ptr& ex, const std::vector<job_view>& jobs,
                      std::function<void(const counts_by_job&)> done);

/// The jobs as JSON, with live numbers where there are some.
value jobs_json(const std::vector<job_view>& jobs, const counts_by_job& live);

} // namespace quaero
