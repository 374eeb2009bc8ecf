#include "definitions/validation.hpp"

#include "definitions/condition.hpp"
#include "definitions/cron.hpp"
#include "definitions/definition_reader.hpp"
#include "definitions/queue_settings.hpp"
#include "definitions/time_zone.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace quaero {

namespace {

bool contains(const std::vector<std::string>& items, std::string_view x) {
  return std::find(items.begin(), items.end(), x) != items.end();
}

bool is_id_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_label(std::string_view x) {
  return !x.empty() && x.size() <= label_bytes_max
         && std::all_of(x.begin(), x.end(), is_id_char);
}

// Whether a step name survives a list separated by commas.
bool is_step_name(std::string_view x) {
  auto is_bad = [](unsigned char c) { return c == ',' || c < 0x20; };
  return x.front() != ' ' && x.back() != ' '
         && std::none_of(x.begin(), x.end(), is_bad);
}

// Finds cycles of dependencies, one for each group of steps that hang together.
class cycle_finder {
public:
  explicit cycle_finder(const std::vector<step>& steps) : steps_{steps} {
    for (size_t i = 0; i < steps.size(); ++i)
      index_.emplace(steps[i].name, i);
    state_.resize(steps.size(), unseen);
  }

  // Returns the members of each cycle, the first one again at the end.
  std::vector<std::vector<size_t>> run() {
    for (size_t i = 0; i < steps_.size(); ++i)
      if (state_[i] == unseen)
        visit(i);
    return std::move(cycles_);
  }

private:
  enum node_state { unseen, open, done };

  // Depth first, with a stack of its own: `next_` counts the edges taken.
  void visit(size_t root) {
    auto found = false;
    push(root);
    while (!path_.empty()) {
      auto node = path_.back();
      auto& depends = steps_[node].depends;
      if (next_.back() == depends.size()) {
        state_[node] = done;
        path_.pop_back();
        next_.pop_back();
        continue;
      }
      auto there = index_.find(depends[next_.back()++]);
      if (there == index_.end() || there->second == node)
        continue; // Unknown, or itself: reported elsewhere.
      if (state_[there->second] == unseen) {
        push(there->second);
      } else if (state_[there->second] == open && !found) {
        found = true;
        add_cycle(there->second);
      }
    }
  }

  void push(size_t node) {
    state_[node] = open;
    path_.push_back(node);
    next_.push_back(0);
  }

  void add_cycle(size_t node) {
    auto begin = std::find(path_.begin(), path_.end(), node);
    std::vector<size_t> cycle{begin, path_.end()};
    // Begins with the step that is first in the file.
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()),
                cycle.end());
    cycle.push_back(cycle.front());
    cycles_.push_back(std::move(cycle));
  }

  const std::vector<step>& steps_;
  std::map<std::string_view, size_t> index_;
  std::vector<node_state> state_;
  std::vector<size_t> path_;
  std::vector<size_t> next_;
  std::vector<std::vector<size_t>> cycles_;
};

class validator {
public:
  validator(const job_definition& x, const definition_limits& limits)
    : x_{x}, limits_{limits} {}

  std::vector<definition_error> run() {
    check_identity();
    check_types();
    check_run_settings();
    if (!x_.config.is_object())
      add("config", "'config' must be a table");
    check_neighbours("pre_jobs", x_.pre_jobs);
    check_neighbours("post_jobs", x_.post_jobs);
    if (x_.error_tolerance && x_.error_tolerance->max_child_failures < 0)
      add("error_tolerance.max_child_failures",
          "error_tolerance.max_child_failures must be >= 0");
    check_steps();
    return std::move(errors_);
  }

private:
  void add(std::string field, std::string message) {
    errors_.push_back({0, std::move(field), std::move(message)});
  }

  void check_name_size(std::string field, std::string_view name) {
    if (name.size() > limits_.name_bytes_max)
      add(std::move(field), "name has " + std::to_string(name.size())
                              + " bytes, allowed "
                              + std::to_string(limits_.name_bytes_max));
  }

  void check_identity() {
    if (x_.id.empty())
      add("id", "'id' is required");
    else if (x_.id.size() > definition_id_bytes_max)
      add("id", "id has " + std::to_string(x_.id.size()) + " bytes, allowed "
                  + std::to_string(definition_id_bytes_max));
    else if (!std::all_of(x_.id.begin(), x_.id.end(), is_id_char))
      add("id", "invalid id " + quoted(x_.id)
                  + " - allowed are letters, digits, '.', '_' and '-'");
    if (x_.name.empty())
      add("name", "'name' is required");
    check_name_size("name", x_.name);
  }

  void check_types() {
    if (!x_.type.empty() && !is_placeholder(x_.type)
        && !contains(definition_types(), x_.type))
      add("type", "invalid type " + quoted(x_.type)
                    + " - must be one of: " + join(definition_types()));
    if (x_.job_type != "user" && x_.job_type != "system"
        && !is_placeholder(x_.job_type))
      add("job_type", "invalid job_type: " + quoted(x_.job_type)
                        + " - must be one of: system, user");
    static const std::vector<std::string> sources{"confluence", "github",
                                                  "jira", "web"};
    if (x_.type == "crawler" && !x_.source_type.empty()
        && !is_placeholder(x_.source_type)
        && !contains(sources, x_.source_type))
      add("source_type", "invalid source_type: " + quoted(x_.source_type)
                           + " - must be one of: " + join(sources));
    if (!x_.base_url.empty() && !is_placeholder(x_.base_url)
        && x_.base_url.rfind("http://", 0) != 0
        && x_.base_url.rfind("https://", 0) != 0)
      add("base_url", "invalid base_url: " + quoted(x_.base_url)
                        + " - must begin with http:// or https://");
  }

  void check_run_settings() {
    if (!x_.schedule.empty()) {
      if (auto why = check_cron(x_.schedule); !why.empty())
        add("schedule",
            "invalid cron schedule " + quoted(x_.schedule) + ": " + why);
    }
    if (!find_time_zone(x_.time_zone))
      add("time_zone", "unknown time zone " + quoted(x_.time_zone)
                         + " - must be a name of the IANA database, as "
                           "Europe/Berlin; \"\" is UTC");
    check_duration("timeout", x_.timeout);
  }

  // A duration above 0; "" is none.
  void check_duration(const std::string& field, const std::string& text) {
    std::chrono::nanoseconds limit{};
    if (text.empty())
      return;
    auto invalid = "invalid timeout duration " + quoted(text) + ": ";
    if (!parse_duration(text, limit))
      add(field, invalid
                   + "expected numbers with units, as in 90s, 30m, "
                     "2h30m; 10 years at most");
    else if (limit.count() == 0)
      add(field, invalid + "must be above 0");
  }

  void check_neighbours(const char* field,
                        const std::vector<std::string>& ids) {
    if (contains(ids, ""))
      add(field, std::string{field} + " must not have an empty item");
    if (!x_.id.empty() && contains(ids, x_.id))
      add(field, std::string{field} + " must not name the definition itself");
  }

  void check_steps() {
    if (x_.steps.empty())
      add("steps", "job definition must have at least one step");
    if (x_.steps.size() > limits_.steps_max) {
      add("steps", "job definition has " + std::to_string(x_.steps.size())
                     + " steps, allowed " + std::to_string(limits_.steps_max));
      return;
    }
    std::set<std::string_view> names;
    for (auto& s : x_.steps)
      names.insert(s.name);
    std::set<std::string_view> seen;
    for (size_t i = 0; i < x_.steps.size(); ++i) {
      auto& s = x_.steps[i];
      check_step_name(s, i, seen);
      check_step_type(s, i);
      check_depends(s, i, names);
      check_config(s, i);
      if (s.retry)
        check_retry(s, i);
      check_terms(s, i);
      if (!s.condition.empty())
        check_condition(s, i);
    }
    check_cycles();
  }

  void check_step_name(const step& s, size_t i,
                       std::set<std::string_view>& seen) {
    auto field = step_field(s, i, "name");
    if (s.name.empty())
      add(field,
          "step " + std::to_string(i) + " validation failed: name is required");
    else if (!is_step_name(s.name))
      add(field, "step " + quoted(s.name)
                   + ": name must not have commas, control characters or "
                     "blanks at its ends");
    else if (!seen.insert(s.name).second)
      add(field, "duplicate step name " + quoted(s.name));
    check_name_size(field, s.name);
  }

  void check_step_type(const step& s, size_t i) {
    auto field = step_field(s, i, "type");
    if (s.type.empty())
      add(field, "step " + quoted(s.name) + ": 'type' field is required");
    else if (!is_placeholder(s.type) && !contains(worker_types(), s.type))
      add(field, "step " + quoted(s.name) + ": invalid type " + quoted(s.type)
                   + " - must be one of: " + join(worker_types()));
  }

  void check_depends(const step& s, size_t i,
                     const std::set<std::string_view>& names) {
    auto field = step_field(s, i, "depends");
    for (auto& other : s.depends) {
      if (other == s.name)
        add(field, "step " + quoted(s.name) + " cannot depend on itself");
      else if (names.count(other) == 0)
        add(field, "step " + quoted(s.name) + " depends on unknown step "
                     + quoted(other));
    }
  }

  void check_config(const step& s, size_t i) {
    if (!s.config.is_object()) {
      add(step_field(s, i, "config"),
          "step " + quoted(s.name) + ": config must be a table");
      return;
    }
    for (auto& [key, unused] : s.config.as_object()) {
      auto start = "step " + quoted(s.name) + ": unknown key " + quoted(key);
      if (contains(reserved_step_keys(), key))
        add(step_field(s, i, key), "step " + quoted(s.name) + ": key "
                                     + quoted(key)
                                     + " is reserved, it cannot be in config");
      else if (auto meant = misspelt_step_key(key); !meant.empty())
        add(step_field(s, i, key),
            start + ", did you mean " + quoted(meant) + "?");
    }
    if (x_.type == "agent" && s.type == "agent")
      check_agent(s, i);
  }

  void check_agent(const step& s, size_t i) {
    auto start = "step " + quoted(s.name) + ": ";
    if (s.config.get_string("agent_type").value_or("").empty())
      add(step_field(s, i, "agent_type"),
          start + "'agent_type' must be a string that is not empty");
    static const std::vector<std::string> operations{"enrich", "generate",
                                                     "scan"};
    if (s.config.find("operation_type")) {
      auto text = s.config.get_string("operation_type").value_or("");
      if (!is_placeholder(text) && !contains(operations, text))
        add(step_field(s, i, "operation_type"),
            start
              + "invalid operation_type - must be one of: " + join(operations));
    }
    for (auto key : {"filter_created_after", "filter_updated_after"}) {
      timestamp unused;
      auto text = s.config.get_string(key).value_or("");
      if (s.config.find(key) && !is_placeholder(text)
          && !from_rfc3339(text, unused))
        add(step_field(s, i, key),
            start + quoted(key) + " must be a time as in RFC 3339");
    }
    if (auto limit = s.config.find("filter_limit"))
      if (s.config.get_int("filter_limit").value_or(0) < 1
          && !(limit->is_string() && is_placeholder(limit->as_string())))
        add(step_field(s, i, "filter_limit"),
            start + "'filter_limit' must be an integer >= 1");
    if (s.config.find("filter_tags") && !s.config.get_strings("filter_tags"))
      add(step_field(s, i, "filter_tags"),
          start + "'filter_tags' must be an array of strings");
  }

  void check_terms(const step& s, size_t i) {
    check_duration(step_field(s, i, "step_timeout"), s.step_timeout);
    check_duration(step_field(s, i, "job.timeout"), s.job.timeout);
    auto start = "step " + quoted(s.name) + ": job: ";
    if (!s.job.queue.empty() && !is_queue_name(s.job.queue))
      add(step_field(s, i, "job.queue"),
          start + "queue " + std::string{queue_name_rule});
    if (s.job.limit_key.size() > limit_key_bytes_max)
      add(step_field(s, i, "job.limit_key"),
          start + "limit_key has " + std::to_string(s.job.limit_key.size())
            + " bytes, allowed " + std::to_string(limit_key_bytes_max));
    if (s.job.labels.size() > labels_max)
      add(step_field(s, i, "job.requires"),
          start + "requires has " + std::to_string(s.job.labels.size())
            + " labels, allowed " + std::to_string(labels_max));
    for (const auto& label : s.job.labels)
      if (!is_label(label))
        add(step_field(s, i, "job.requires"),
            start + "a label is 1 to " + std::to_string(label_bytes_max)
              + " of A-Z, a-z, 0-9, '.', '_' and '-'");
  }

  void check_condition(const step& s, size_t i) {
    const auto field = step_field(s, i, "condition");
    const auto start = "step " + quoted(s.name) + ": condition ";
    std::string error;
    const auto x = condition::parse(s.condition, error);
    if (!x) {
      add(field, start + error);
      return;
    }
    const auto before = steps_before(s);
    for (const auto& name : x->steps())
      if (before.count(name) == 0)
        add(field, start + "names step " + quoted(name)
                     + ", which the step does not depend on");
  }

  // Everything that a step depends on, directly or not.
  std::set<std::string_view> steps_before(const step& s) const {
    std::set<std::string_view> found;
    std::vector<const step*> open{&s};
    while (!open.empty()) {
      const auto* now = open.back();
      open.pop_back();
      for (const auto& name : now->depends)
        if (found.insert(name).second)
          for (const auto& other : x_.steps)
            if (other.name == name)
              open.push_back(&other);
    }
    return found;
  }

  void check_retry(const step& s, size_t i) {
    auto start = "step " + quoted(s.name) + ": ";
    if (!is_attempt_count(s.retry->attempts))
      add(step_field(s, i, "retry.attempts"), start + attempts_message());
    if (s.retry->backoff.count() < 0)
      add(step_field(s, i, "retry.backoff"),
          start + "retry.backoff must be >= 0");
    if (s.retry->backoff_max < s.retry->backoff)
      add(step_field(s, i, "retry.backoff_max"),
          start + "retry.backoff_max must be >= retry.backoff");
    if (!(s.retry->jitter >= 0 && s.retry->jitter <= 1))
      add(step_field(s, i, "retry.jitter"),
          start + "retry.jitter must be within 0 to 1");
  }

  void check_cycles() {
    for (auto& cycle : cycle_finder{x_.steps}.run()) {
      std::vector<std::string> names;
      for (auto i : cycle)
        names.push_back(x_.steps[i].name);
      add(step_field(x_.steps[cycle.front()], cycle.front(), "depends"),
          "step dependency cycle: " + join(names, " -> "));
    }
  }

  const job_definition& x_;
  const definition_limits& limits_;
  std::vector<definition_error> errors_;
};

} // namespace

std::string to_string(const definition_error& x, std::string_view file) {
  std::string result{file};
  if (x.line > 0)
    result += (result.empty() ? "line " : ":") + std::to_string(x.line);
  if (!result.empty())
    result += ": ";
  if (!x.field.empty())
    result += x.field + ": ";
  return result + x.message;
}

std::vector<definition_error> validate(const job_definition& x,
                                       const definition_limits& limits) {
  return validator{x, limits}.run();
}

} // namespace quaero
