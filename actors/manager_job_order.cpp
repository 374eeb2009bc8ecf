#include "actors/manager_job.hpp"
#include "definitions/condition.hpp"

#include <utility>

/// Which step of a run starts when.
namespace quaero {

manager_job_state::outlook manager_job_state::outlook_of(const step& x) const {
  outlook out{true, {}, false};
  for (const auto& dependency : x.depends) {
    const auto& node = nodes[index_of(dependency)];
    if (!is_terminal(node.status))
      return {};
    // One that failed says more than one that was left out.
    if (node.status != job_status::completed
        && (out.culprit.empty() || (out.left_out && !node.left_out))) {
      out.culprit = dependency;
      out.left_out = node.left_out;
    }
  }
  return out;
}

void manager_job_state::advance() {
  if (!stopping && wait_for_pre_jobs())
    return;
  // A step that is skipped decides others, whatever their order in the file.
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < nodes.size(); ++i)
      changed |= decide(i);
  }
  finish_if_over();
}

/// Starts or skips a step that waits, if it can be said which.
bool manager_job_state::decide(size_t i) {
  if (nodes[i].status != job_status::pending)
    return false;
  if (stopping) {
    skip_step(i, run_stopped);
    return true;
  }
  const auto found = outlook_of(step_at(i));
  if (!found.known)
    return false;
  const bool in_spite = !found.culprit.empty() && step_at(i).always_run;
  if (!found.culprit.empty() && !in_spite) {
    skip_step(i,
              "dependency '" + found.culprit
                + (found.left_out ? "' was skipped" : "' failed"),
              found.left_out);
    return true;
  }
  if (!config.definition.parallel && !running.empty())
    return false; // its turn comes when that one is over
  if (in_spite)
    log(log_level::info, "Step '" + step_at(i).name
                           + "' runs despite failed dependency '"
                           + found.culprit + "'");
  return start_if_wanted(i);
}

/// Asks the condition of a step whose turn it is.
/// @returns true: the step is started, skipped, or has failed.
bool manager_job_state::start_if_wanted(size_t i) {
  const auto& text = step_at(i).condition;
  if (text.empty()) {
    start_step(i);
    return true;
  }
  condition::verdict found;
  if (const auto x = condition::parse(text, found.error))
    found = x->evaluate(
      [this](const std::string& step_name) {
        const auto& node = nodes[index_of(step_name)];
        return step_facts{node.status, node.children};
      },
      config.definition.config);
  if (!found.error.empty())
    skip_step(i, "its condition cannot be decided: " + found.error);
  else if (!found.holds)
    skip_step(i, "condition not met: " + text, true);
  else
    start_step(i);
  return true;
}

} // namespace quaero
