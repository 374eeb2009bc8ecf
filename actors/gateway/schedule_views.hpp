#pragma once

#include "actors/gateway/exchange.hpp"
#include "actors/schedule_actors.hpp"
#include "definitions/value.hpp"

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

/// How schedules look to HTTP clients.
namespace quaero {

/// What is known of schedules and of the runs that they made last.
struct schedule_facts {
  bool firing = false;
  std::unordered_map<std::string, schedule_view> views; ///< By definition.
  std::unordered_map<job_id, job_view> runs;            ///< That are there.
};

/// Asks the SCHEDULER, and a READER for the runs of the definitions in `of`.
/// A gateway without a SCHEDULER knows nothing, and says so at once.
void ask_schedules(const exchange_ptr& ex, std::vector<std::string> of,
                   std::function<void(const schedule_facts&)> then);

/// One row of GET /api/scheduler.
value schedule_json(const job_definition& x, const schedule_facts& facts,
                    timestamp now);

/// The members `next_run` and `last_run` of a definition, those that it has.
value run_times_json(const job_definition& x, const schedule_facts& facts,
                     timestamp now);

} // namespace quaero
