#include "definitions/job_request.hpp"

#include "definitions/json.hpp"
#include "definitions/queue_settings.hpp"
#include "definitions/validation.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace quaero {

namespace {

constexpr uint8_t names_count = 14;
constexpr std::array<std::string_view, names_count> field_names{
  "type",   "name",       "config",     "queue",  "priority",
  "run_at", "expires_at", "unique_key", "retry",  "durability",
  "tags",   "metadata",   "limit_key",  "timeout"};

enum class field : uint8_t {
  type,
  name,
  config,
  queue,
  priority,
  run_at,
  expires_at,
  unique_key,
  retry,
  durability,
  tags,
  metadata,
  limit_key,
  timeout,
  unknown,
};

/// Builds jobs from the parts of the text. What it cannot use it skips, so that
/// all errors are found at once.
class request_reader final : public json_sink {
public:
  request_reader(std::string_view text, const std::vector<std::string>& types,
                 timestamp now, durability fallback,
                 const job_request_limits& limits)
    : text_{text}, types_{types}, now_{now}, fallback_{fallback}, limits_{
                                                                    limits} {}

  bool on_null() override { return on_other("null"); }
  bool on_bool(bool) override { return on_other("true or false"); }
  bool on_int(int64_t x) override;
  bool on_double(double x) override;
  bool on_string(std::string_view x) override;
  bool on_key(std::string_view x) override;
  bool on_open(bool is_object, size_t offset) override;
  bool on_close(size_t offset) override;

  job_request take();

private:
  bool at_field() const { return in_item_ && level_ == item_level_; }
  bool within(field x) const {
    return in_item_ && level_ == item_level_ + 1 && field_ == x;
  }
  new_job& job() { return out_.jobs.back(); }

  bool refuse(std::string_view member, std::string message);
  bool refuse_field(std::string message) {
    return refuse(key_, std::move(message));
  }
  bool refuse_inner(const std::string& inner, std::string message);
  bool on_other(const char* what);
  bool begin_item();
  bool end_item();
  bool on_text_field(std::string_view x);
  bool take_text(std::string_view x, size_t min, size_t max, std::string& to);
  bool take_time(std::string_view x, timestamp& to);
  bool take_timeout(std::string_view x, std::chrono::milliseconds& to);
  bool take_durability(std::string_view x);
  bool on_retry_text(std::string_view x);
  bool on_retry_number(double x, bool whole);
  void check_retry();
  bool take_slice(size_t end);

  std::string_view text_;
  const std::vector<std::string>& types_;
  timestamp now_;
  durability fallback_;
  const job_request_limits& limits_;
  job_request out_;
  std::optional<durability> level_of_all_;
  size_t level_ = 0;      ///< Open brackets.
  size_t item_level_ = 1; ///< Of them, within an item.
  size_t index_ = 0;      ///< Of the item in the array.
  bool many_ = false;
  bool in_item_ = false;
  bool skipping_ = false; ///< Within a value that was refused.
  field field_ = field::unknown;
  std::string key_;
  std::string inner_;      ///< Member of `retry`.
  size_t value_begin_ = 0; ///< Of a config or metadata.
  bool item_durable_ = false;
  bool type_refused_ = false;
};

// -- errors -------------------------------------------------------------------

void append_escaped(std::string& out, std::string_view name) {
  for (char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
}

bool request_reader::refuse(std::string_view member, std::string message) {
  std::string pointer;
  if (many_ && level_ > 0)
    pointer = "/" + std::to_string(index_);
  if (!member.empty()) {
    pointer += '/';
    append_escaped(pointer, member);
  }
  out_.errors.push_back({std::move(pointer), std::move(message)});
  return out_.errors.size() < limits_.errors_max;
}

bool request_reader::refuse_inner(const std::string& inner,
                                  std::string message) {
  const bool go_on = refuse(key_, std::move(message));
  auto& pointer = out_.errors.back().pointer;
  pointer += '/';
  append_escaped(pointer, inner);
  return go_on;
}

bool request_reader::on_other(const char* what) {
  if (level_ == 0)
    return refuse("", "must be an object or an array of objects");
  if (!in_item_ && level_ > 1)
    return true; // within what was refused
  if (!in_item_) {
    const bool go_on
      = refuse("", std::string{"must be an object, not "} + what);
    ++index_;
    return go_on;
  }
  if (skipping_ || field_ == field::unknown)
    return true;
  if (at_field()) {
    static constexpr std::array<const char*, names_count> kinds{
      "a text",
      "a text",
      "an object",
      "a text",
      "a whole number",
      "a time",
      "a time",
      "a text",
      "a number or an object",
      "a text",
      "an array of texts",
      "an object",
      "a text",
      "a duration"};
    type_refused_ |= field_ == field::type;
    return refuse_field(std::string{"must be "}
                        + kinds[static_cast<size_t>(field_)]);
  }
  if (within(field::tags))
    return refuse_field("must be an array of texts");
  if (within(field::retry))
    return refuse_inner(inner_, "has the wrong type");
  return true;
}

// -- brackets -----------------------------------------------------------------

bool request_reader::on_open(bool is_object, size_t offset) {
  bool go_on = true;
  if (level_ == 0 && !is_object) {
    many_ = true;
    item_level_ = 2;
  } else if (level_ + 1 == item_level_ && is_object) {
    go_on = begin_item();
  } else if (level_ + 1 == item_level_) {
    go_on = on_other("an array");
    --index_; // it counts when it closes
  } else if (at_field()) {
    const bool wants_object = field_ == field::config
                              || field_ == field::metadata
                              || field_ == field::retry;
    value_begin_ = offset;
    if (is_object ? !wants_object : field_ != field::tags) {
      go_on = on_other("that");
      skipping_ = true;
    }
  } else if (within(field::tags) || within(field::retry)) {
    go_on = skipping_ || on_other("that");
    skipping_ = true;
  }
  ++level_;
  return go_on;
}

bool request_reader::on_close(size_t offset) {
  --level_;
  if (level_ + 1 == item_level_ && in_item_)
    return end_item();
  if (level_ + 1 == item_level_ && many_) {
    ++index_;
    return true;
  }
  if (!at_field())
    return true;
  if (std::exchange(skipping_, false))
    return true;
  if (field_ == field::config || field_ == field::metadata)
    return take_slice(offset);
  if (field_ == field::retry)
    check_retry();
  return out_.errors.size() < limits_.errors_max;
}

bool request_reader::take_slice(size_t end) {
  const bool config = field_ == field::config;
  const auto max
    = config ? limits_.config_bytes_max : limits_.metadata_bytes_max;
  const auto size = end - value_begin_;
  if (size > max)
    return refuse_field("has " + std::to_string(size) + " bytes; allowed are "
                        + std::to_string(max));
  (config ? job().config : job().metadata) = text_.substr(value_begin_, size);
  return true;
}

bool request_reader::begin_item() {
  in_item_ = true;
  item_durable_ = false;
  type_refused_ = false;
  field_ = field::unknown;
  if (out_.jobs.size() == limits_.jobs_max) {
    out_.errors.push_back({"", "there are more than "
                                 + std::to_string(limits_.jobs_max)
                                 + " jobs in one request"});
    return false;
  }
  out_.jobs.emplace_back();
  return true;
}

bool request_reader::end_item() {
  auto& x = job();
  bool go_on = true;
  if (x.type.empty() && !type_refused_)
    go_on = refuse("type", "must be there");
  if (x.name.empty())
    x.name = x.type;
  if (x.expires_at != timestamp{}) {
    if (x.expires_at <= now_)
      go_on &= refuse("expires_at", "must be in the future");
    else if (x.expires_at <= x.run_at)
      go_on &= refuse("expires_at", "must be later than run_at");
  }
  if (!item_durable_)
    level_of_all_ = stronger(level_of_all_.value_or(fallback_), fallback_);
  in_item_ = false;
  ++index_;
  return go_on;
}

// -- members ------------------------------------------------------------------

bool request_reader::on_key(std::string_view x) {
  if (within(field::retry) && !skipping_) {
    inner_ = x;
    if (x != "attempts" && x != "backoff" && x != "backoff_max"
        && x != "jitter")
      return refuse_inner(inner_, "there is no such member; there are "
                                  "attempts, backoff, backoff_max, jitter");
    return true;
  }
  if (!at_field())
    return true;
  key_ = x;
  const auto* i = std::find(field_names.begin(), field_names.end(), x);
  field_ = static_cast<field>(i - field_names.begin());
  return field_ != field::unknown || refuse_field("there is no such member");
}

bool request_reader::on_string(std::string_view x) {
  if (at_field() && field_ != field::unknown)
    return on_text_field(x);
  if (within(field::tags) && !skipping_) {
    auto& tags = job().tags;
    if (tags.size() == limits_.tags_max)
      return refuse_field("has more than " + std::to_string(limits_.tags_max)
                          + " tags");
    std::string tag;
    const bool go_on = take_text(x, 1, limits_.tag_bytes_max, tag);
    if (!tag.empty())
      tags.push_back(std::move(tag));
    return go_on;
  }
  if (within(field::retry) && !skipping_)
    return on_retry_text(x);
  return in_item_ || on_other("a text");
}

bool request_reader::on_text_field(std::string_view x) {
  auto& out = job();
  switch (field_) {
    case field::type:
      if (std::binary_search(types_.begin(), types_.end(), x)) {
        out.type = x;
        return true;
      }
      type_refused_ = true;
      return refuse_field("no worker executes jobs of that type");
    case field::name:
      return take_text(x, 1, limits_.name_bytes_max, out.name);
    case field::queue:
      if (!is_queue_name(x))
        return refuse_field(std::string{queue_name_rule});
      out.queue = x;
      return true;
    case field::run_at:
      return take_time(x, out.run_at);
    case field::expires_at:
      return take_time(x, out.expires_at);
    case field::unique_key:
      return take_text(x, 1, limits_.unique_key_bytes_max, out.unique_key);
    case field::limit_key:
      return take_text(x, 1, limit_key_bytes_max, out.limit_key);
    case field::timeout:
      return take_timeout(x, out.timeout);
    case field::durability:
      return take_durability(x);
    default:
      return on_other("a text");
  }
}

bool request_reader::take_text(std::string_view x, size_t min, size_t max,
                               std::string& to) {
  if (x.size() < min || x.size() > max)
    return refuse_field("must have " + std::to_string(min) + " to "
                        + std::to_string(max) + " bytes");
  to = x;
  return true;
}

bool request_reader::take_time(std::string_view x, timestamp& to) {
  return from_rfc3339(x, to)
         || refuse_field("must be a time of RFC 3339, like "
                         "2026-01-20T02:00:04Z");
}

bool request_reader::take_timeout(std::string_view x,
                                  std::chrono::milliseconds& to) {
  std::chrono::nanoseconds limit{};
  if (!parse_duration(x, limit) || limit < std::chrono::milliseconds{1})
    return refuse_field("must be a duration of at least 1ms, like \"30s\"");
  to = std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  return true;
}

bool request_reader::take_durability(std::string_view x) {
  durability level{};
  if (!from_string(x, level))
    return refuse_field("must be one of group, buffered, each");
  item_durable_ = true;
  level_of_all_ = stronger(level_of_all_.value_or(level), level);
  return true;
}

bool request_reader::on_int(int64_t x) {
  if (at_field() && field_ == field::priority) {
    if (x < 0 || x > priority_max)
      return refuse_field("must be 0 (first) to 9 (last)");
    job().priority = static_cast<uint8_t>(x);
    return true;
  }
  if (at_field() && field_ == field::retry) {
    inner_ = "attempts";
    return on_retry_number(static_cast<double>(x), true);
  }
  if (within(field::retry) && !skipping_)
    return on_retry_number(static_cast<double>(x), true);
  return on_other("a number");
}

bool request_reader::on_double(double x) {
  if (within(field::retry) && !skipping_)
    return on_retry_number(x, false);
  return on_other("a number");
}

// -- retry --------------------------------------------------------------------

bool request_reader::on_retry_number(double x, bool whole) {
  auto& retry = job().retry;
  if (inner_ == "attempts") {
    if (!whole || x < 1 || x > retry_attempts_max)
      return at_field() ? refuse_field("must be 1 to 100 attempts")
                        : refuse_inner(inner_, "must be 1 to 100");
    retry.attempts = static_cast<uint32_t>(x);
    return true;
  }
  if (inner_ == "jitter") {
    if (!(x >= 0 && x <= 1))
      return refuse_inner(inner_, "must be within 0 to 1");
    retry.jitter = x;
    return true;
  }
  return refuse_inner(inner_, "must be a duration, like \"30s\"");
}

bool request_reader::on_retry_text(std::string_view x) {
  auto& retry = job().retry;
  if (inner_ != "backoff" && inner_ != "backoff_max")
    return refuse_inner(inner_, "must be a number");
  return parse_duration(x,
                        inner_ == "backoff" ? retry.backoff : retry.backoff_max)
         || refuse_inner(inner_, "must be a duration, like \"30s\"");
}

void request_reader::check_retry() {
  const auto& retry = job().retry;
  if (retry.backoff_max < retry.backoff)
    refuse_inner("backoff_max", "must be at least backoff");
}

job_request request_reader::take() {
  if (many_ && out_.jobs.empty() && out_.errors.empty())
    out_.errors.push_back({"", "there is no job in the array"});
  out_.level = level_of_all_.value_or(fallback_);
  return std::move(out_);
}

} // namespace

job_request read_job_request(std::string_view text,
                             const std::vector<std::string>& types,
                             timestamp now, durability fallback,
                             const job_request_limits& limits) {
  request_reader reader{text, types, now, fallback, limits};
  std::string error;
  const bool read = scan_json(text, reader, error);
  auto out = reader.take();
  if (!read && !error.empty())
    out.errors.push_back({"", error});
  if (!out.ok())
    out.jobs.clear();
  return out;
}

std::string enqueued_json(const std::vector<job_id>& ids,
                          const std::vector<uint32_t>& existing) {
  constexpr size_t bytes_of_id = 39;
  std::string out;
  out.reserve(ids.size() * bytes_of_id + 32);
  out += "{\"ids\":[";
  for (size_t i = 0; i < ids.size(); ++i) {
    out += i == 0 ? "\"" : ",\"";
    out += to_string(ids[i]);
    out += '"';
  }
  out += ']';
  if (!existing.empty()) {
    out += ",\"existing\":[";
    for (size_t i = 0; i < existing.size(); ++i) {
      if (i != 0)
        out += ',';
      out += std::to_string(existing[i]);
    }
    out += ']';
  }
  out += '}';
  return out;
}

} // namespace quaero
