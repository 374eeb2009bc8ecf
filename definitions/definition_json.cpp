#include "definitions/definition_reader.hpp"
#include "definitions/json.hpp"

namespace quaero {

namespace {

value to_array(const std::vector<std::string>& items) {
  return value{value::array(items.begin(), items.end())};
}

value to_value(const retry_policy& x) {
  return value::make_object({
    {"attempts", x.attempts},
    {"backoff", format_duration(x.backoff)},
    {"backoff_max", format_duration(x.backoff_max)},
    {"jitter", x.jitter},
  });
}

value to_value(const std::optional<error_tolerance>& x) {
  if (!x)
    return {};
  return value::make_object({
    {"max_child_failures", x->max_child_failures},
    {"failure_action", to_string(x->action)},
  });
}

void set_time(value& out, std::string_view name, timestamp t) {
  if (t != timestamp{})
    out.set(name, to_rfc3339(t));
}

} // namespace

value to_value(const job_terms_of_step& x) {
  auto result = value::make_object();
  if (!x.queue.empty())
    result.set("queue", x.queue);
  if (x.priority)
    result.set("priority", static_cast<int>(*x.priority));
  if (!x.timeout.empty())
    result.set("timeout", x.timeout);
  if (!x.limit_key.empty())
    result.set("limit_key", x.limit_key);
  if (!x.labels.empty())
    result.set("requires", to_array(x.labels));
  return result;
}

value to_value(const retention_terms& x) {
  auto result = value::make_object();
  for (size_t i = 0; i < x.size(); ++i) {
    const auto state = to_string(retained_states[i]);
    if (x[i].age)
      result.set(state + "_age", format_duration(*x[i].age));
    if (x[i].count)
      result.set(state + "_max", *x[i].count);
  }
  return result;
}

value to_value(const step& x) {
  auto result = value::make_object({
    {"name", x.name},
    {"type", x.type},
    {"description", x.description},
    {"config", x.config},
    {"on_error", to_string(x.on_error)},
    {"depends", join(x.depends)},
    {"always_run", x.always_run},
    {"condition", x.condition},
  });
  if (x.retry)
    result.set("retry", to_value(*x.retry));
  if (!x.step_timeout.empty())
    result.set("step_timeout", x.step_timeout);
  if (x.job != job_terms_of_step{})
    result.set("job", to_value(x.job));
  return result;
}

value to_value(const job_definition& x) {
  value::array steps;
  for (auto& s : x.steps)
    steps.push_back(to_value(s));
  auto result = value::make_object({
    {"id", x.id},
    {"name", x.name},
    {"type", x.type},
    {"job_type", x.job_type},
    {"description", x.description},
    {"toml", x.toml},
    {"source_type", x.source_type},
    {"base_url", x.base_url},
    {"auth_id", x.auth_id},
    {"steps", std::move(steps)},
    {"schedule", x.schedule},
    {"timeout", x.timeout},
    {"time_zone", x.time_zone},
    {"missed", to_string(x.missed)},
    {"overlap", to_string(x.overlap)},
    {"parallel", x.parallel},
    {"enabled", x.enabled},
    {"auto_start", x.auto_start},
    {"extension", x.extension},
    {"config", x.config},
    {"pre_jobs", to_array(x.pre_jobs)},
    {"post_jobs", to_array(x.post_jobs)},
    {"error_tolerance", to_value(x.error_tolerance)},
    {"tags", to_array(x.tags)},
    {"url_patterns", to_array(x.url_patterns)},
    {"validation_status", x.validation_status},
    {"validation_error", x.validation_error},
    {"content_hash", x.content_hash},
    {"updated", x.updated},
  });
  if (!is_empty(x.retention))
    result.set("retention", to_value(x.retention));
  set_time(result, "validated_at", x.validated_at);
  set_time(result, "created_at", x.created_at);
  set_time(result, "updated_at", x.updated_at);
  return result;
}

definition_result parse_json_definition(std::string_view text,
                                        const definition_limits& limits) {
  value root;
  std::string error;
  if (!parse_json(text, root, error, {definition_depth_max, limits.bytes_max}))
    return {{}, {{0, "", "invalid JSON: " + error}}};
  if (!root.is_object())
    return {{},
            {{0, "",
              std::string{"job definition must be a JSON object, not "}
                + kind_name(root)}}};
  return read_definition(std::move(root), definition_format::json, {}, limits);
}

} // namespace quaero
