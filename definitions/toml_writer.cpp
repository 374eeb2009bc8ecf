#include "definitions/json.hpp"
#include "definitions/validation.hpp"

#include <algorithm>

namespace quaero {

namespace {

std::string quote(std::string_view text) {
  std::string result;
  append_json_string(result, text);
  // TOML strings are JSON strings, except that DEL must be escaped.
  for (auto pos = result.find('\x7F'); pos != std::string::npos;
       pos = result.find('\x7F', pos))
    result.replace(pos, 1, "\\u007F");
  return result;
}

std::string key_text(std::string_view key) {
  auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), is_bare)
           ? std::string{key}
           : quote(key);
}

// Tables are written inline, so that members keep their order among others.
void append_value(std::string& out, const value& x) {
  if (x.is_string()) {
    out += quote(x.as_string());
  } else if (x.is_array()) {
    out += '[';
    auto first = true;
    for (auto& item : x.as_array()) {
      if (item.is_null())
        continue;
      out += first ? "" : ", ";
      append_value(out, item);
      first = false;
    }
    out += ']';
  } else if (x.is_object()) {
    out += '{';
    auto first = true;
    for (auto& [key, member] : x.as_object()) {
      if (member.is_null())
        continue;
      out += first ? " " : ", ";
      out += key_text(key) + " = ";
      append_value(out, member);
      first = false;
    }
    out += first ? "}" : " }";
  } else {
    out += to_json(x);
  }
}

class toml_writer {
public:
  std::string run(const job_definition& x) {
    write_fields(x);
    if (!x.config.as_object().empty()) {
      out_ += "\n[config]\n";
      write_members(x.config);
    }
    if (x.error_tolerance) {
      out_ += "\n[error_tolerance]\n";
      write("max_child_failures", x.error_tolerance->max_child_failures);
      write("failure_action", to_string(x.error_tolerance->action));
    }
    if (!is_empty(x.retention)) {
      out_ += "\n[retention]\n";
      write_members(to_value(x.retention));
    }
    for (auto& s : x.steps)
      write_step(s);
    return std::move(out_);
  }

private:
  void write(std::string_view key, const value& x) {
    out_ += key_text(key) + " = ";
    append_value(out_, x);
    out_ += '\n';
  }

  void write_text(std::string_view key, const std::string& x) {
    if (!x.empty())
      write(key, x);
  }

  void write_texts(std::string_view key, const std::vector<std::string>& x) {
    if (!x.empty())
      write(key, value::array(x.begin(), x.end()));
  }

  void write_members(const value& table) {
    for (auto& [key, x] : table.as_object())
      if (!x.is_null())
        write(key, x);
  }

  void write_fields(const job_definition& x) {
    write("id", x.id);
    write("name", x.name);
    write_text("type", x.type);
    write_text("job_type", x.job_type);
    write_text("description", x.description);
    write_text("source_type", x.source_type);
    write_text("base_url", x.base_url);
    write_text("authentication", x.auth_id);
    write_text("schedule", x.schedule);
    write_text("timeout", x.timeout);
    write_text("time_zone", x.time_zone);
    if (x.missed != missed_runs::run_once)
      write("missed", to_string(x.missed));
    if (x.overlap != overlap::skip)
      write("overlap", to_string(x.overlap));
    if (!x.parallel)
      write("parallel", false);
    write("enabled", x.enabled);
    write("auto_start", x.auto_start);
    write("extension", x.extension);
    write_texts("pre_jobs", x.pre_jobs);
    write_texts("post_jobs", x.post_jobs);
    write_texts("tags", x.tags);
    write_texts("url_patterns", x.url_patterns);
  }

  void write_step(const step& x) {
    out_ += "\n[step." + key_text(x.name) + "]\n";
    write("type", x.type);
    write_text("description", x.description);
    write("on_error", to_string(x.on_error));
    write_texts("depends", x.depends);
    if (x.always_run)
      write("always_run", true);
    write_text("condition", x.condition);
    if (x.retry)
      write("retry", value::make_object({
                       {"attempts", x.retry->attempts},
                       {"backoff", format_duration(x.retry->backoff)},
                       {"backoff_max", format_duration(x.retry->backoff_max)},
                       {"jitter", x.retry->jitter},
                     }));
    write_text("step_timeout", x.step_timeout);
    if (x.job != job_terms_of_step{})
      write("job", to_value(x.job));
    write_members(x.config);
  }

  std::string out_;
};

} // namespace

std::string to_toml(const job_definition& x) {
  return toml_writer{}.run(x);
}

} // namespace quaero
