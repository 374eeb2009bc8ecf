#include "actors/workers/noop/noop_worker.hpp"

#include "actors/workers/config_rules.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace quaero::noop {

std::vector<std::string> logic::validate(const step& x) {
  config_rules rules{x.config};
  rules.integer("count", 1, count_max);
  rules.integer("payload", 0, payload_bytes_max);
  rules.no_other_keys();
  auto problems = rules.problems();
  const auto bytes = x.config.get_int("count").value_or(1)
                     * x.config.get_int("payload").value_or(0);
  if (problems.empty() && bytes > total_bytes_max)
    problems.push_back("count times payload must be at most "
                       + std::to_string(total_bytes_max) + " bytes");
  return problems;
}

init_result logic::init(const step_context& x) {
  init_result out;
  out.work_items
    = static_cast<uint64_t>(x.definition.config.get_int("count").value_or(1));
  return out;
}

step_output logic::create(const step_context& x, const init_result& found) {
  const auto bytes = x.definition.config.get_int("payload").value_or(0);
  new_job job;
  job.type = type;
  job.name = type;
  if (bytes > 0)
    job.config = "{\"payload\":\""
                 + std::string(static_cast<size_t>(bytes), 'x') + "\"}";
  step_output out;
  out.jobs.assign(static_cast<size_t>(found.work_items), job);
  return out;
}

block_worker_actor::behavior_type worker(block_worker_actor::pointer) {
  return {
    [](atom::execute, const job_block& block) {
      return std::vector<job_outcome>(block.jobs.size());
    },
  };
}

worker_kind kind(const worker_environment& environment) {
  worker_kind out;
  out.step_type = type;
  out.definition
    = environment.system.spawn(definition_worker, std::make_shared<logic>());
  out.job_type = type;
  out.slots = 8192; // blocks of them; they hold nothing while they wait
  out.spawn_block_worker
    = [&system = environment.system] { return system.spawn(worker); };
  return out;
}

} // namespace quaero::noop
