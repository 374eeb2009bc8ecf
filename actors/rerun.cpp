#include "actors/rerun.hpp"

#include "definitions/error.hpp"
#include "definitions/json.hpp"
#include "definitions/validation.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace quaero {

namespace {

/// The newest job of each step.
std::map<std::string, const job_view*>
by_name(const std::vector<job_view>& steps) {
  std::map<std::string, const job_view*> out;
  for (const auto& x : steps) {
    if (x.job.type != step_job_type)
      continue;
    auto& at = out[x.job.name];
    if (at == nullptr || at->job.id < x.job.id)
      at = &x;
  }
  return out;
}

std::string names_of(const job_definition& x) {
  std::string out;
  for (const auto& step : x.steps)
    out += (out.empty() ? "" : ", ") + step.name;
  return out;
}

/// Adds every step that depends on one of `names`, however far.
void close_over(const job_definition& definition,
                std::set<std::string>& names) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& step : definition.steps)
      for (const auto& dependency : step.depends)
        if (names.count(dependency) != 0)
          changed |= names.insert(step.name).second;
  }
}

} // namespace

bool read_snapshot(const queue_job& record, job_definition& out) {
  value config;
  std::string error;
  if (!parse_json(record.config, config, error))
    return false;
  const auto* definition = config.find("definition");
  if (definition == nullptr)
    return false;
  auto result = parse_json_definition(to_json(*definition));
  out = std::move(result.definition);
  return result.ok();
}

caf::error override_config(value& config, const value& by) {
  if (!by.is_object())
    return caf::none;
  for (const auto& [key, val] : by.as_object()) {
    if (!val.is_string() && !val.is_number() && !val.is_bool())
      return make_error(ec::invalid_argument,
                        "config." + key
                          + ": must be text, a number, true or false");
    config.set(key, val);
  }
  return caf::none;
}

caf::error plan_kept(const job_definition& definition, const std::string& from,
                     const std::vector<job_view>& steps,
                     std::vector<kept_step>& out) {
  const auto jobs = by_name(steps);
  auto completed = [&](const std::string& name) {
    auto i = jobs.find(name);
    return i != jobs.end() && i->second->state.status == job_status::completed;
  };
  std::set<std::string> again;
  bool known = from == "failed";
  for (const auto& step : definition.steps) {
    known |= step.name == from;
    if (!completed(step.name) || step.name == from)
      again.insert(step.name);
  }
  if (!known)
    return make_error(ec::invalid_argument, "from: the run has no step '" + from
                                              + "'; its steps are "
                                              + names_of(definition));
  if (again.empty())
    return make_error(ec::wrong_state, "every step of the run completed: name "
                                       "the step to begin from");
  close_over(definition, again);
  for (const auto& step : definition.steps) {
    if (again.count(step.name) != 0)
      continue;
    const auto& old = *jobs.at(step.name);
    out.push_back(
      {step.name, old.job.id, old.state.result_count, old.state.result});
  }
  return caf::none;
}

std::string with_values(const std::string& json, const value& by) {
  value out;
  std::string error;
  if (!by.is_object() || by.as_object().empty() || !parse_json(json, out, error)
      || !out.is_object())
    return json;
  for (const auto& [key, val] : by.as_object())
    out.set(key, val);
  return to_json(out);
}

std::string with_member(const std::string& json, std::string_view key,
                        std::string text) {
  value out;
  std::string error;
  if (!parse_json(json, out, error) || !out.is_object())
    out = value::make_object();
  out.set(key, std::move(text));
  return to_json(out);
}

new_job job_like(const queue_job& x, std::string_view key) {
  new_job out;
  out.type = x.type;
  out.name = x.name;
  out.config = x.config;
  out.metadata = with_member(x.metadata, key, to_string(x.id));
  out.queue = x.queue;
  out.priority = x.priority;
  out.retry = x.retry;
  out.tags = x.tags;
  out.unique_key = x.unique_key;
  out.limit_key = x.limit_key;
  out.timeout = x.timeout;
  return out;
}

} // namespace quaero
