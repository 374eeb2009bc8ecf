#include "actors/gateway/views.hpp"

#include "definitions/ascii.hpp"
#include "definitions/definition_version.hpp"
#include "definitions/json.hpp"
#include "definitions/validation.hpp"

#include <algorithm>
#include <cstdio>

namespace quaero {

namespace {

void set_time(value& out, std::string_view name, timestamp t) {
  if (t != timestamp{})
    out.set(name, to_rfc3339(t));
}

value time_or_null(timestamp t) {
  return t == timestamp{} ? value{} : value{to_rfc3339(t)};
}

value strings_json(const std::vector<std::string>& xs) {
  value::array out;
  for (const auto& x : xs)
    out.emplace_back(x);
  return out;
}

// Named as the clients know it; what is counted are child jobs.
value progress_json(const child_counts& x) {
  auto done = x.total() - x.open();
  return value::make_object(
    {{"total_urls", x.total()},
     {"completed_urls", x.completed},
     {"failed_urls", x.failed},
     {"pending_urls", x.open()},
     {"current_url", ""},
     {"percentage", x.total() == 0 ? 0.0
                                   : 100.0 * static_cast<double>(done)
                                       / static_cast<double>(x.total())}});
}

void set_counts(value& out, const child_counts& x) {
  out.set("document_count", x.documents);
  out.set("child_count", x.total());
  out.set("completed_children", x.completed);
  out.set("failed_children", x.failed);
  out.set("cancelled_children", x.cancelled);
  out.set("pending_children", x.pending);
  out.set("running_children", x.running);
}

// A job to which nothing has happened yet was last changed when it was made.
void set_state(value& out, const job_state& x, timestamp created_at) {
  out.set("status", to_string(x.status));
  set_time(out, "started_at", x.started_at);
  set_time(out, "completed_at", x.finished_at);
  set_time(out, "finished_at", x.finished_at);
  set_time(out, "updated_at", std::max(x.updated_at, created_at));
  out.set("attempt", x.attempt);
  if (!x.error.empty())
    out.set("error", x.error);
  if (x.reason != failure_reason::none)
    out.set("failure_reason", to_string(x.reason));
  out.set("result_count", x.result_count);
  if (!x.result.empty())
    out.set("result", stored_json(x.result));
}

bool has_warning(const job_view& x) {
  return x.job.type == manager_job_type && x.state.result == ended_with_warning;
}

} // namespace

std::string to_rfc3339_ns(timestamp t) {
  auto out = to_rfc3339(t);
  auto dot = out.find('.');
  if (dot == std::string::npos)
    return out;
  auto ns = t.time_since_epoch().count() % 1'000'000'000;
  char digits[16];
  std::snprintf(digits, sizeof(digits), ".%09lldZ",
                static_cast<long long>(ns < 0 ? ns + 1'000'000'000 : ns));
  return out.substr(0, dot) + digits;
}

int64_t duration_ms(const job_state& state, timestamp now) {
  if (state.started_at == timestamp{})
    return 0;
  auto end = state.finished_at == timestamp{} ? now : state.finished_at;
  auto out = std::chrono::duration_cast<std::chrono::milliseconds>(
    end - state.started_at);
  return std::max<int64_t>(0, out.count());
}

value stored_json(const std::string& text) {
  value out;
  std::string error;
  if (!parse_json(text, out, error))
    return value::make_object();
  return out;
}

value job_json(const job_view& x, const child_counts& counts) {
  const auto& job = x.job;
  auto out = value::make_object({{"id", to_string(job.id)}});
  out.set("parent_id",
          job.parent_id ? value{to_string(job.parent_id)} : value{});
  if (job.manager_id)
    out.set("manager_id", to_string(job.manager_id));
  if (job.step_id)
    out.set("step_id", to_string(job.step_id));
  out.set("type", job.type);
  out.set("name", x.name());
  if (!x.label.description.empty())
    out.set("description", x.label.description);
  if (x.label.held)
    out.set("held", true);
  if (x.label.retried_as)
    out.set("retried_as", to_string(x.label.retried_as));
  out.set("config", stored_json(without_seals(job.config)));
  out.set("metadata", stored_json(job.metadata));
  out.set("queue", job.queue);
  out.set("priority", int{job.priority});
  out.set("depth", int{job.depth});
  out.set("tags", strings_json(job.tags));
  if (!job.unique_key.empty())
    out.set("unique_key", job.unique_key);
  if (!job.limit_key.empty())
    out.set("limit_key", job.limit_key);
  if (job.timeout.count() > 0)
    out.set("timeout", format_duration(job.timeout));
  set_time(out, "run_at", job.run_at);
  set_time(out, "expires_at", job.expires_at);
  set_time(out, "created_at", job.created_at);
  set_state(out, x.state, job.created_at);
  out.set("failed_count", counts.failed);
  out.set("progress", progress_json(counts));
  set_counts(out, counts);
  if (has_warning(x))
    out.set("warning", true);
  return out;
}

value job_json(const job_view& x) {
  return job_json(x, x.state.children);
}

value log_json(const log_entry& x) {
  const auto& line = x.line;
  auto at = to_rfc3339_ns(line.at);
  constexpr size_t clock_start = 11; // Behind "2026-01-20T".
  constexpr size_t clock_size = 12;  // "02:00:04.118".
  char order[64];
  std::snprintf(order, sizeof(order), "%019lld_%010llu",
                static_cast<long long>(line.at.time_since_epoch().count()),
                static_cast<unsigned long long>(x.sequence));
  auto context = value::make_object(
    {{"job_id", to_string(line.job)}, {"originator", to_string(line.origin)}});
  if (line.manager)
    context.set("manager_id", to_string(line.manager));
  if (line.owner && line.owner != line.manager)
    context.set("step_id", to_string(line.owner));
  return value::make_object({{"timestamp", at.substr(clock_start, clock_size)},
                             {"full_timestamp", at},
                             {"level", to_string(line.level)},
                             {"message", line.message},
                             {"line_number", x.line_number()},
                             {"sequence", order},
                             {"job_id", to_string(line.job)},
                             {"originator", to_string(line.origin)},
                             {"context", std::move(context)}});
}

value step_log_json(const log_entry& x) {
  return value::make_object({{"line_number", x.line_number()},
                             {"level", to_string(x.line.level)},
                             {"message", x.line.message}});
}

value document_json(const document& x) {
  auto out = value::make_object({{"id", x.id},
                                 {"source_type", x.source_type},
                                 {"source_id", x.source_id},
                                 {"title", x.title},
                                 {"content_markdown", x.content_markdown},
                                 {"detail_level", x.detail_level},
                                 {"metadata", stored_json(x.metadata)},
                                 {"url", x.url},
                                 {"tags", strings_json(x.tags)},
                                 {"jobs", strings_json(x.jobs)},
                                 {"content_hash", x.content_hash}});
  set_time(out, "created_at", x.created_at);
  set_time(out, "updated_at", x.updated_at);
  return out;
}

namespace {

// The key that a step's `api_key` names: KEY, {KEY}, or {config.MEMBER} whose
// text is one of the two. "" if that cannot be said.
std::string api_key_of(const step& x, const value& job_config) {
  auto name = x.config.get_string("api_key").value_or("");
  constexpr std::string_view in_config = "{config.";
  if (name.starts_with(in_config) && name.ends_with('}'))
    name = job_config
             .get_string(name.substr(in_config.size(),
                                     name.size() - in_config.size() - 1))
             .value_or("");
  if (name.size() > 2 && name.front() == '{' && name.back() == '}')
    name = name.substr(1, name.size() - 2);
  return to_lower(trim(name));
}

// Why the definition could not run, "" if it could.
std::string runtime_error_of(const job_definition& x, const key_lookup& keys) {
  if (x.validation_status == "invalid")
    return x.validation_error.empty() ? "the definition is not valid"
                                      : x.validation_error;
  if (!keys)
    return {};
  for (const auto& one : x.steps) {
    auto key = api_key_of(one, x.config);
    if (!key.empty() && !keys(key))
      return "step." + one.name + ".api_key: there is no key '" + key + "'";
  }
  return {};
}

} // namespace

value definition_json(const job_definition& x, const key_lookup& keys) {
  auto out = to_value(x);
  auto why = runtime_error_of(x, keys);
  out.set("runtime_status", !why.empty() ? "error"
                            : x.enabled  ? "ready"
                                         : "disabled");
  out.set("runtime_error", std::move(why));
  return out;
}

std::string definition_tag(const job_definition& x, const key_lookup& keys) {
  auto out = '"' + definition_version(x);
  if (auto why = runtime_error_of(x, keys); !why.empty())
    out += '-' + content_hash(why);
  return out + '"';
}

value status_json(const actor_status& x) {
  auto numbers = value::make_object();
  for (const auto& [name, number] : x.numbers)
    numbers.set(name, number);
  return value::make_object({{"name", x.name},
                             {"mailbox", x.mailbox},
                             {"numbers", std::move(numbers)}});
}

// -- runs ---------------------------------------------------------------------

namespace {

// The steps that the definition of the run has, started or not.
std::vector<step_row> planned_steps(const job_view& manager) {
  std::vector<step_row> out;
  auto config = stored_json(manager.job.config);
  const auto* definition = config.find("definition");
  const auto* steps = definition ? definition->find("steps") : nullptr;
  if (!steps || !steps->is_array())
    return out;
  for (const auto& x : steps->as_array()) {
    auto& row = out.emplace_back();
    row.name = x.get_string("name").value_or("");
    row.type = x.get_string("type").value_or("");
  }
  return out;
}

step_row& find_step(std::vector<step_row>& rows, const std::string& name) {
  for (auto& row : rows)
    if (row.name == name)
      return row;
  auto& row = rows.emplace_back();
  row.name = name;
  return row;
}

void add_job(std::vector<step_row>& rows, job_view job) {
  auto metadata = stored_json(job.job.metadata);
  auto name = metadata.get_string("step_name").value_or(job.job.name);
  auto& row = find_step(rows, name);
  if (row.type.empty())
    row.type = metadata.get_string("step_type").value_or("");
  row.status = job.state.status;
  row.children = job.state.children;
  row.error = job.state.error;
  row.job = std::move(job);
}

// What the run says is newer than what is stored, except of what has ended.
void add_live(std::vector<step_row>& rows, const run_progress& live) {
  for (const auto& x : live.steps) {
    auto& row = find_step(rows, x.name);
    if (row.type.empty())
      row.type = x.type;
    const bool ended = row.job && is_terminal(row.job->state.status)
                       && (!x.id || x.id == row.job->job.id);
    if (ended)
      continue;
    row.status = x.status;
    row.children = x.children;
    row.error = x.error;
  }
}

value summary_json(const child_counts& x) {
  return value::make_object({{"total", x.total()},
                             {"completed", x.completed},
                             {"failed", x.failed},
                             {"cancelled", x.cancelled},
                             {"running", x.running},
                             {"pending", x.pending},
                             {"document_count", x.documents}});
}

value step_json(const step_row& x, timestamp now) {
  auto out = value::make_object();
  if (x.job)
    out.set("step_id", to_string(x.job->job.id));
  if (x.job)
    if (auto kept = stored_json(x.job->job.metadata).get_string("kept_from"))
      out.set("kept_from", *kept);
  out.set("name", x.name);
  out.set("type", x.type);
  out.set("status", to_string(x.status));
  auto state = x.job ? x.job->state : job_state{};
  out.set("duration_ms", duration_ms(state, now));
  out.set("started_at", time_or_null(state.started_at));
  out.set("finished_at", time_or_null(state.finished_at));
  out.set("expanded",
          x.status == job_status::failed || x.status == job_status::running);
  out.set("child_summary", summary_json(x.children));
  if (!x.error.empty())
    out.set("error", x.error);
  out.set("logs", value::make_array());
  out.set("total_logs", x.lines);
  return out;
}

} // namespace

run_overview make_overview(job_view manager,
                           const std::optional<run_progress>& live,
                           std::vector<job_view> jobs) {
  run_overview out;
  out.steps = planned_steps(manager);
  std::sort(jobs.begin(), jobs.end(),
            [](const auto& a, const auto& b) { return a.job.id < b.job.id; });
  for (auto& x : jobs)
    if (x.job.type == step_job_type)
      add_job(out.steps, std::move(x));
  const bool goes_on = live && !is_terminal(manager.state.status);
  if (goes_on)
    add_live(out.steps, *live);
  out.children = goes_on ? live->children : manager.state.children;
  // A job that is no run looks like a run of one step: itself.
  if (out.steps.empty()) {
    const auto& state = manager.state;
    out.steps.push_back({manager, manager.job.name, manager.job.type,
                         state.status, out.children, state.error, 0});
  }
  out.manager = std::move(manager);
  return out;
}

value tree_json(const run_overview& x, timestamp now) {
  const auto& state = x.manager.state;
  value::array steps;
  for (const auto& row : x.steps)
    steps.push_back(step_json(row, now));
  auto out = value::make_object({{"job_id", to_string(x.manager.job.id)},
                                 {"job_name", x.manager.name()},
                                 {"status", to_string(state.status)}});
  out.set("duration_ms", duration_ms(state, now));
  out.set("started_at", time_or_null(state.started_at));
  out.set("finished_at", time_or_null(state.finished_at));
  out.set("document_count", x.children.documents);
  out.set("error", state.error);
  if (has_warning(x.manager))
    out.set("warning", true);
  out.set("steps", std::move(steps));
  return out;
}

value structure_json(const run_overview& x) {
  auto changed = x.manager.state.updated_at;
  value::array steps;
  for (const auto& row : x.steps) {
    auto one = value::make_object({{"name", row.name}});
    if (row.job) {
      one.set("step_id", to_string(row.job->job.id));
      changed = std::max(changed, row.job->state.updated_at);
    }
    one.set("status", to_string(row.status));
    one.set("log_count", row.lines);
    one.set("child_count", row.children.total());
    steps.push_back(std::move(one));
  }
  return value::make_object({{"job_id", to_string(x.manager.job.id)},
                             {"status", to_string(x.manager.state.status)},
                             {"steps", std::move(steps)},
                             {"updated_at", time_or_null(changed)}});
}

} // namespace quaero
