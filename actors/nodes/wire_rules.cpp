#include "actors/nodes/wire_rules.hpp"

#include "definitions/json.hpp"
#include "definitions/queue_settings.hpp"

#include <algorithm>

namespace quaero {

namespace {

/// Reads all and keeps nothing but whether it is one object.
class object_sink final : public json_sink {
public:
  bool on_null() override { return inside(); }
  bool on_bool(bool) override { return inside(); }
  bool on_int(int64_t) override { return inside(); }
  bool on_double(double) override { return inside(); }
  bool on_string(std::string_view) override { return inside(); }
  bool on_key(std::string_view) override { return true; }
  bool on_open(bool is_object, size_t) override {
    return depth_++ != 0 || is_object;
  }
  bool on_close(size_t) override {
    --depth_;
    return true;
  }

private:
  bool inside() const { return depth_ != 0; }

  size_t depth_ = 0;
};

bool is_object(const std::string& x, size_t bytes_max) {
  object_sink sink;
  std::string error;
  return x.size() <= bytes_max && scan_json(x, sink, error);
}

bool is_text(const std::string& x, size_t bytes_max) {
  return x.size() <= bytes_max && is_utf8(x);
}

bool are_words(const std::vector<std::string>& xs,
               const report_limits& limits) {
  return xs.size() <= limits.tags_max
         && std::all_of(xs.begin(), xs.end(), [&](const std::string& x) {
              return is_text(x, limits.word_bytes_max);
            });
}

bool is_moment(timestamp x) {
  return x >= timestamp{};
}

std::string check_outcome(const job_outcome& x, const report_limits& limits) {
  if (x.status != job_status::completed && x.status != job_status::failed
      && x.status != job_status::cancelled)
    return "its status is no end";
  if (!is_text(x.error, limits.text_bytes_max))
    return "its error is no text";
  if (!x.result.empty() && !is_object(x.result, limits.result_bytes_max))
    return "its result is no JSON object";
  if (x.snooze.count() < 0 || x.snooze > limits.wait_max)
    return "its snooze is out of range";
  return {};
}

std::string check_child(const new_job& x, const report_limits& limits) {
  if (x.type.empty() || !is_text(x.type, limits.word_bytes_max))
    return "the type of a child is no word";
  if (!is_text(x.name, limits.text_bytes_max))
    return "the name of a child is no text";
  if (!is_object(x.config, limits.config_bytes_max)
      || !is_object(x.metadata, limits.result_bytes_max))
    return "config or metadata of a child is no JSON object";
  if (!is_queue_name(x.queue))
    return "the queue of a child has no name";
  if (x.priority > priority_max)
    return "the priority of a child is out of range";
  if (!is_moment(x.run_at) || !is_moment(x.expires_at) || x.timeout.count() < 0)
    return "a time of a child is negative";
  const auto& jitter = x.retry.jitter;
  if (x.retry.attempts == 0 || x.retry.attempts > 100
      || !(jitter >= 0 && jitter <= 1) || x.retry.backoff.count() < 0
      || x.retry.backoff_max.count() < 0)
    return "the retry policy of a child is none";
  if (!are_words(x.tags, limits)
      || !is_text(x.unique_key, limits.word_bytes_max)
      || !is_text(x.limit_key, limits.word_bytes_max))
    return "a tag or key of a child is no word";
  return {};
}

std::string check_document(const document& x, const report_limits& limits) {
  if (x.source_type.empty() || x.source_id.empty())
    return "a document has no source";
  // The hub finds it by the source. With an id it could be another source's.
  if (!x.id.empty())
    return "the id of a document is not for a node to say";
  for (const auto* text :
       {&x.source_type, &x.source_id, &x.title, &x.url, &x.content_hash})
    if (!is_text(*text, limits.text_bytes_max))
      return "a field of a document is no text";
  if (!is_text(x.content_markdown, limits.content_bytes_max))
    return "the content of a document is no text";
  if (!is_object(x.metadata, limits.result_bytes_max))
    return "the metadata of a document is no JSON object";
  if (x.detail_level != "full" && x.detail_level != "metadata")
    return "the detail level of a document is none";
  if (!are_words(x.tags, limits) || !x.jobs.empty())
    return "the tags or runs of a document are not for a node to say";
  return {};
}

template <class T, class Check>
std::string check_all(const std::vector<T>& xs, size_t max, const char* many,
                      Check check_one) {
  if (xs.size() > max)
    return many;
  for (const auto& x : xs)
    if (auto why = check_one(x); !why.empty())
      return why;
  return {};
}

} // namespace

bool is_usable(const log_line& x) {
  return static_cast<size_t>(x.level) < log_level_count
         && (x.origin == log_origin::worker || x.origin == log_origin::system);
}

std::string check(const wire_report_v1& x, const report_limits& limits) {
  if (auto why = check_outcome(x.outcome, limits); !why.empty())
    return why;
  if (x.run_ns < 0)
    return "it took less than no time";
  if (x.retry_ns < 0 || std::chrono::nanoseconds{x.retry_ns} > limits.wait_max)
    return "the time until its next attempt is out of range";
  auto why
    = check_all(x.children, limits.children_max, "it has too many children",
                [&](const new_job& y) { return check_child(y, limits); });
  if (why.empty())
    why = check_all(
      x.documents, limits.documents_max, "it has too many documents",
      [&](const document& y) { return check_document(y, limits); });
  if (why.empty())
    why = check_all(x.lines, limits.lines_max, "it has too many lines",
                    [](const log_line& y) {
                      return std::string{is_usable(y) ? "" : "a line is none"};
                    });
  return why;
}

} // namespace quaero
