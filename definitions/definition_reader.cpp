#include "definitions/definition_reader.hpp"

#include "definitions/queue_job.hpp"
#include "definitions/table_reader.hpp"

#include <algorithm>
#include <array>

namespace quaero {

namespace {

// -- one step -----------------------------------------------------------------

bool read_on_error(std::string_view text, on_error& out) {
  for (auto x :
       {on_error::carry_on, on_error::fail, on_error::retry, on_error::fatal}) {
    if (text == to_string(x)) {
      out = x;
      return true;
    }
  }
  return false;
}

class step_reader {
public:
  step_reader(error_list& errors, const value& table, std::string name,
              size_t index)
    : errors_{errors}, in_{errors, table, prefix(name, index),
                           "step " + quoted(name) + ": "} {
    out_.name = std::move(name);
  }

  // TOML has the worker's keys beside ours; JSON has them apart.
  step read_toml(const value& table) {
    read_common();
    for (auto& [key, x] : table.as_object())
      if (!is_reserved(key))
        out_.config.as_object().emplace_back(key, x);
    return std::move(out_);
  }

  step read_json() {
    static const auto keys = [] {
      auto result = reserved_step_keys();
      result.insert(result.end(), {"config", "name"});
      return result;
    }();
    in_.check_keys(keys);
    read_common();
    in_.read_table("config", out_.config);
    return std::move(out_);
  }

private:
  static std::string prefix(const std::string& name, size_t index) {
    step named;
    named.name = name;
    return step_field(named, index, "");
  }

  static bool is_reserved(std::string_view key) {
    auto& keys = reserved_step_keys();
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  }

  void read_common() {
    in_.read("type", out_.type);
    in_.read("description", out_.description);
    in_.read("always_run", out_.always_run);
    in_.read("condition", out_.condition);
    read_depends();
    std::string strategy;
    in_.read("on_error", strategy);
    if (!strategy.empty() && !read_on_error(strategy, out_.on_error))
      errors_.add(in_.field("on_error"),
                  "invalid error strategy: " + quoted(strategy)
                    + " - must be one of: continue, fail, retry, fatal");
    if (auto retry = in_.find("retry"))
      read_retry(*retry);
    in_.read("step_timeout", out_.step_timeout);
    read_job_terms();
  }

  void read_job_terms() {
    value table;
    if (!in_.read_table("job", table))
      return;
    table_reader in{errors_, table, in_.field("job."),
                    "step " + quoted(out_.name) + ": job: "};
    in.check_keys({"limit_key", "priority", "queue", "requires", "timeout"});
    in.read("queue", out_.job.queue);
    in.read("timeout", out_.job.timeout);
    in.read("limit_key", out_.job.limit_key);
    in.read("requires", out_.job.labels);
    int64_t priority = 0;
    if (!in.read("priority", priority))
      return;
    if (priority >= 0 && priority <= int64_t{priority_max})
      out_.job.priority = static_cast<uint8_t>(priority);
    else
      in.fail("priority",
              "priority must be from 0 to 9, not " + std::to_string(priority));
  }

  void read_depends() {
    auto x = in_.find("depends");
    if (!x)
      return;
    std::vector<std::string> names;
    if (x->is_string())
      names = split_names(x->as_string());
    else if (x->is_array())
      in_.read("depends", names);
    else
      in_.wrong_kind("depends", "a string or an array of strings", *x);
    for (auto& name : names)
      if (std::find(out_.depends.begin(), out_.depends.end(), name)
          == out_.depends.end())
        out_.depends.push_back(std::move(name));
  }

  static std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> result;
    for (;;) {
      auto comma = text.find(',');
      auto name = text.substr(0, comma);
      auto first = name.find_first_not_of(" \t");
      if (first != std::string_view::npos)
        result.emplace_back(
          name.substr(first, name.find_last_not_of(" \t") - first + 1));
      if (comma == std::string_view::npos)
        return result;
      text.remove_prefix(comma + 1);
    }
  }

  void read_retry(const value& x) {
    retry_policy policy;
    if (x.is_object()) {
      table_reader in{errors_, x, in_.field("retry."),
                      "step " + quoted(out_.name) + ": retry: "};
      in.check_keys(
        {"attempts", "backoff", "backoff_max", "jitter", "max_backoff"});
      read_attempts(in, "attempts", policy);
      read_waits(in, policy);
      in.read("jitter", policy.jitter);
    } else if (x.is_number()) {
      read_attempts(in_, "retry", policy);
    } else {
      in_.wrong_kind("retry", "an integer or a table", x);
    }
    out_.retry = policy;
  }

  void read_attempts(table_reader& in, std::string_view key,
                     retry_policy& policy) {
    int64_t attempts = 0;
    if (!in.read(key, attempts))
      return;
    if (is_attempt_count(attempts))
      policy.attempts = static_cast<uint32_t>(attempts);
    else
      in.fail(key, attempts_message());
  }

  void read_waits(table_reader& in, retry_policy& policy) {
    auto has_max = read_wait(in, "backoff_max", policy.backoff_max);
    auto has_old_max = read_wait(in, "max_backoff", policy.backoff_max);
    if (has_max && has_old_max)
      in.fail("max_backoff", "'max_backoff' is the same as 'backoff_max'");
    // Who only asks for a long wait does not mean to have it cut.
    if (read_wait(in, "backoff", policy.backoff) && !has_max && !has_old_max)
      policy.backoff_max = std::max(policy.backoff, policy.backoff_max);
  }

  bool read_wait(table_reader& in, std::string_view key,
                 std::chrono::nanoseconds& out) {
    auto x = in.find(key);
    if (!x)
      return false;
    if (!x->is_string() || !parse_duration(x->as_string(), out)) {
      in.fail(key, quoted(key) + " must be a duration such as \"30s\"");
      return false;
    }
    return true;
  }

  error_list& errors_;
  table_reader in_;
  step out_;
};

// -- retention ----------------------------------------------------------------

void read_age(table_reader& in, const std::string& key, retention_term& out) {
  const auto* x = in.find(key);
  std::chrono::nanoseconds age{};
  if (x == nullptr)
    return;
  if (x->is_string() && parse_duration(x->as_string(), age)
      && age <= retention_age_max)
    out.age = age;
  else
    in.fail(key, quoted(key) + " must be a duration from 0s to "
                   + format_duration(retention_age_max)
                   + ", written as \"30d\"");
}

void read_count(table_reader& in, const std::string& key, retention_term& out) {
  int64_t count = 0;
  if (!in.read(key, count))
    return;
  if (count >= 0 && count <= int64_t{retention_count_max})
    out.count = static_cast<uint64_t>(count);
  else
    in.fail(key, quoted(key) + " must be from 0 to "
                   + std::to_string(retention_count_max) + ", not "
                   + std::to_string(count));
}

void read_retention(error_list& errors, const value& table,
                    retention_terms& out) {
  table_reader in{errors, table, "retention.", "retention: "};
  std::vector<std::string> keys;
  for (size_t i = 0; i < retained_states.size(); ++i) {
    const auto state = to_string(retained_states[i]);
    keys.insert(keys.end(), {state + "_age", state + "_max"});
    read_age(in, state + "_age", out[i]);
    read_count(in, state + "_max", out[i]);
  }
  in.check_keys(keys);
}

// -- the definition -----------------------------------------------------------

const std::vector<std::string>& shorthand_keys() {
  static const std::vector<std::string> keys{
    "concurrency", "exclude_patterns", "follow_links", "include_patterns",
    "max_depth",   "max_pages",        "start_urls"};
  return keys;
}

std::vector<std::string> definition_keys(definition_format format) {
  std::vector<std::string> keys{
    "auto_start", "base_url",     "config",      "description",
    "enabled",    "extension",    "id",          "job_type",
    "name",       "pre_jobs",     "post_jobs",   "error_tolerance",
    "schedule",   "tags",         "source_type", "timeout",
    "type",       "url_patterns", "time_zone",   "missed",
    "overlap",    "parallel",     "retention"};
  if (format == definition_format::toml) {
    keys.insert(keys.end(), {"authentication", "step", "steps"});
    keys.insert(keys.end(), shorthand_keys().begin(), shorthand_keys().end());
    return keys;
  }
  // The tail is what our own answers have besides: nobody can set it.
  keys.insert(keys.end(),
              {"auth_id", "steps", "toml", "content_hash", "created_at",
               "last_run", "next_run", "runtime_error", "runtime_status",
               "updated", "updated_at", "validated_at", "validation_error",
               "validation_status"});
  return keys;
}

class definition_reader {
public:
  definition_reader(const value& root, definition_format format,
                    const key_lines& lines)
    : format_{format}, root_{root}, errors_{format, lines}, in_{errors_, root,
                                                                "", ""} {}

  definition_result run(const definition_limits& limits) {
    in_.check_keys(definition_keys(format_));
    read_fields();
    read_error_tolerance();
    if (value table; in_.read_table("retention", table))
      read_retention(errors_, table, out_.retention);
    if (format_ == definition_format::toml)
      read_toml_steps();
    else
      read_json_steps();
    if (out_.type.empty() && !out_.steps.empty())
      out_.type = derive_definition_type(out_.steps.front().type);
    errors_.add_rules(validate(out_, limits));
    return {std::move(out_), errors_.take_sorted()};
  }

private:
  void read_fields() {
    auto is_toml = format_ == definition_format::toml;
    in_.read("id", out_.id);
    in_.read("name", out_.name);
    in_.read("type", out_.type);
    in_.read("job_type", out_.job_type);
    in_.read("description", out_.description);
    in_.read("source_type", out_.source_type);
    in_.read("base_url", out_.base_url);
    in_.read(is_toml ? "authentication" : "auth_id", out_.auth_id);
    in_.read("schedule", out_.schedule);
    in_.read("timeout", out_.timeout);
    in_.read("time_zone", out_.time_zone);
    read_word("missed", out_.missed,
              {missed_runs::skip, missed_runs::run_once, missed_runs::run_all});
    read_word("overlap", out_.overlap,
              {overlap::skip, overlap::queue, overlap::allow});
    in_.read("parallel", out_.parallel);
    out_.enabled = is_toml;
    in_.read("enabled", out_.enabled);
    in_.read("auto_start", out_.auto_start);
    in_.read("extension", out_.extension);
    in_.read_table("config", out_.config);
    in_.read("pre_jobs", out_.pre_jobs);
    in_.read("post_jobs", out_.post_jobs);
    in_.read("tags", out_.tags);
    in_.read("url_patterns", out_.url_patterns);
    if (!is_toml)
      in_.read("toml", out_.toml);
    if (out_.job_type.empty())
      out_.job_type = "user";
  }

  // One of a few words; an empty text is the default.
  template <class T>
  void read_word(std::string_view key, T& out, std::initializer_list<T> all) {
    std::string text;
    in_.read(key, text);
    std::string names;
    for (auto x : all) {
      names += (names.empty() ? "" : ", ") + to_string(x);
      if (text == to_string(x)) {
        out = x;
        return;
      }
    }
    if (!text.empty())
      in_.fail(key, "invalid " + std::string{key} + ": " + quoted(text)
                      + " - must be one of: " + names);
  }

  void read_error_tolerance() {
    value table;
    if (!in_.read_table("error_tolerance", table))
      return;
    struct error_tolerance tolerance;
    table_reader in{errors_, table, "error_tolerance.", "error_tolerance: "};
    in.check_keys({"max_child_failures", "failure_action"});
    in.read("max_child_failures", tolerance.max_child_failures);
    std::string text;
    in.read("failure_action", text);
    auto known = text.empty();
    for (auto x : {failure_action::stop_all, failure_action::carry_on,
                   failure_action::mark_warning}) {
      if (text == to_string(x)) {
        tolerance.action = x;
        known = true;
      }
    }
    if (!known)
      errors_.add("error_tolerance.failure_action",
                  "invalid error_tolerance.failure_action: " + quoted(text)
                    + " - must be one of: stop_all, continue, mark_warning");
    out_.error_tolerance = tolerance;
  }

  void read_toml_steps() {
    if (in_.find("steps"))
      errors_.add("steps", "[[steps]] is not supported, use [step.{name}]");
    auto table = in_.find("step");
    if (!table) {
      read_shorthand();
      return;
    }
    for (auto& key : shorthand_keys())
      if (in_.find(key))
        in_.fail(key, quoted(key)
                        + " belongs into a step of type 'crawler' "
                          "when there are [step.{name}] tables");
    if (!table->is_object()) {
      in_.fail("step", "'step' must be tables named [step.{name}], not "
                         + std::string{kind_name(*table)});
      return;
    }
    for (auto& [name, x] : table->as_object()) {
      if (!x.is_object()) {
        in_.fail("step." + name, "step " + quoted(name)
                                   + " must be a table [step.{name}], not "
                                   + kind_name(x));
        continue;
      }
      auto index = out_.steps.size();
      out_.steps.push_back(step_reader{errors_, x, name, index}.read_toml(x));
    }
  }

  void read_shorthand() {
    auto has = [this](auto& key) { return in_.find(key) != nullptr; };
    auto& keys = shorthand_keys();
    if (std::none_of(keys.begin(), keys.end(), has))
      return;
    step crawl;
    crawl.name = "crawl";
    crawl.type = "crawler";
    for (auto key : {"start_urls", "include_patterns", "exclude_patterns"}) {
      std::vector<std::string> texts;
      in_.read(key, texts);
    }
    for (auto key : {"max_depth", "max_pages", "concurrency"}) {
      int64_t number = 0;
      if (in_.read(key, number) && number < 0)
        in_.fail(key, quoted(key) + " must be >= 0");
    }
    bool follow_links = true;
    in_.read("follow_links", follow_links);
    for (auto& [key, x] : root_.as_object())
      if (std::find(keys.begin(), keys.end(), key) != keys.end())
        crawl.config.set(key, x);
    out_.steps.push_back(std::move(crawl));
  }

  void read_json_steps() {
    auto steps = in_.find("steps");
    if (!steps)
      return;
    if (!steps->is_array()) {
      in_.wrong_kind("steps", "an array of objects", *steps);
      return;
    }
    for (auto& x : steps->as_array()) {
      auto index = out_.steps.size();
      if (!x.is_object()) {
        in_.fail("steps", "step " + std::to_string(index)
                            + " validation failed: must be an object, not "
                            + kind_name(x));
        return;
      }
      auto name = x.find("name");
      if (name && !name->is_string())
        in_.fail("steps[" + std::to_string(index) + "].name",
                 "step " + std::to_string(index)
                   + " validation failed: 'name' must be a string, not "
                   + kind_name(*name));
      out_.steps.push_back(
        step_reader{errors_, x, x.get_string("name").value_or(""), index}
          .read_json());
    }
  }

  definition_format format_;
  const value& root_;
  error_list errors_;
  table_reader in_;
  job_definition out_;
};

// Nobody can write null in TOML: a null member is an absent one.
void erase_nulls(value& x) {
  if (x.is_array()) {
    std::erase_if(x.as_array(), [](auto& item) { return item.is_null(); });
    for (auto& item : x.as_array())
      erase_nulls(item);
  } else if (x.is_object()) {
    std::erase_if(x.as_object(),
                  [](auto& member) { return member.second.is_null(); });
    for (auto& member : x.as_object())
      erase_nulls(member.second);
  }
}

} // namespace

definition_result read_definition(value root, definition_format format,
                                  const key_lines& lines,
                                  const definition_limits& limits) {
  erase_nulls(root);
  return definition_reader{root, format, lines}.run(limits);
}

} // namespace quaero
