#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/tables.hpp"

namespace quaero::storage {

namespace {

constexpr uint8_t on_error_count = 4;
constexpr uint8_t failure_action_count = 3;
constexpr uint8_t missed_runs_count = 3;
constexpr uint8_t overlap_count = 3;
constexpr uint8_t priority_values = 10;

/// Version 1 ends before the time zone, version 2 before the time of steps.
constexpr uint8_t with_terms_version = 2;
constexpr uint8_t with_retention_version = 3;
constexpr uint8_t definition_version = 4;

template <class Enum>
void put_enum(std::string& out, Enum x) {
  put_byte(out, static_cast<uint8_t>(x));
}

void put_step(std::string& out, const step& x) {
  put_string(out, x.name);
  put_string(out, x.type);
  put_string(out, x.description);
  put_value(out, x.config);
  put_enum(out, x.on_error);
  put_strings(out, x.depends);
  put_byte(out, x.always_run);
  put_string(out, x.condition);
  put_byte(out, x.retry.has_value());
  if (x.retry)
    put_retry(out, *x.retry);
}

step take_step(record_reader& in) {
  step result;
  result.name = in.take_string();
  result.type = in.take_string();
  result.description = in.take_string();
  result.config = in.take_value();
  result.on_error = in.take_enum<on_error>(on_error_count);
  result.depends = in.take_strings();
  result.always_run = in.take_bool();
  result.condition = in.take_string();
  if (in.take_bool())
    result.retry = in.take_retry();
  return result;
}

void put_steps(std::string& out, const std::vector<step>& x) {
  put_varint(out, x.size());
  for (auto& s : x)
    put_step(out, s);
}

std::vector<step> take_steps(record_reader& in) {
  auto count = in.take_count();
  std::vector<step> result;
  for (size_t i = 0; i < count && !in.failed(); ++i)
    result.push_back(take_step(in));
  return result;
}

void put_tolerance(std::string& out, const std::optional<error_tolerance>& x) {
  put_byte(out, x.has_value());
  if (!x)
    return;
  put_signed(out, x->max_child_failures);
  put_enum(out, x->action);
}

std::optional<error_tolerance> take_tolerance(record_reader& in) {
  if (!in.take_bool())
    return std::nullopt;
  error_tolerance result;
  result.max_child_failures = in.take_signed();
  result.action = in.take_enum<failure_action>(failure_action_count);
  return result;
}

void put_terms(std::string& out, const job_terms_of_step& x) {
  put_string(out, x.queue);
  put_byte(out, x.priority.value_or(priority_values));
  put_string(out, x.timeout);
  put_string(out, x.limit_key);
}

job_terms_of_step take_terms(record_reader& in) {
  job_terms_of_step result;
  result.queue = in.take_string();
  if (auto priority = in.take_byte(); priority < priority_values)
    result.priority = priority;
  result.timeout = in.take_string();
  result.limit_key = in.take_string();
  return result;
}

// A number is stored plus one, 0 is none.
void put_retention(std::string& out, const retention_terms& x) {
  put_varint(out, x.size());
  for (const auto& term : x) {
    put_varint(out,
               term.age ? static_cast<uint64_t>(term.age->count()) + 1 : 0);
    put_varint(out, term.count ? *term.count + 1 : 0);
  }
}

retention_terms take_retention(record_reader& in) {
  retention_terms result;
  if (in.take_varint() != result.size())
    in.fail();
  for (auto& term : result) {
    if (auto age = in.take_varint(INT64_MAX); age != 0)
      term.age = std::chrono::nanoseconds{age - 1};
    if (auto count = in.take_varint(); count != 0)
      term.count = count - 1;
  }
  return result;
}

void encode(std::string& out, const job_definition& x) {
  put_byte(out, definition_version);
  for (auto* text :
       {&x.name, &x.type, &x.job_type, &x.description, &x.toml, &x.source_type,
        &x.base_url, &x.auth_id, &x.schedule, &x.timeout, &x.validation_status,
        &x.validation_error, &x.content_hash})
    put_string(out, *text);
  put_steps(out, x.steps);
  put_byte(out, x.enabled);
  put_byte(out, x.auto_start);
  put_byte(out, x.extension);
  put_byte(out, x.updated);
  put_value(out, x.config);
  put_strings(out, x.pre_jobs);
  put_strings(out, x.post_jobs);
  put_tolerance(out, x.error_tolerance);
  put_strings(out, x.tags);
  put_strings(out, x.url_patterns);
  put_time(out, x.validated_at);
  put_time(out, x.created_at);
  put_time(out, x.updated_at);
  put_string(out, x.time_zone);
  put_enum(out, x.missed);
  put_enum(out, x.overlap);
  put_byte(out, x.parallel);
  for (const auto& s : x.steps)
    put_terms(out, s.job);
  for (const auto& s : x.steps)
    put_string(out, s.step_timeout);
  put_retention(out, x.retention);
  for (const auto& s : x.steps)
    put_strings(out, s.job.labels);
}

bool decode(std::string_view val, job_definition& x) {
  record_reader in{val};
  const auto version = in.take_byte();
  if (version < record_version || version > definition_version)
    in.fail();
  for (auto* text :
       {&x.name, &x.type, &x.job_type, &x.description, &x.toml, &x.source_type,
        &x.base_url, &x.auth_id, &x.schedule, &x.timeout, &x.validation_status,
        &x.validation_error, &x.content_hash})
    *text = in.take_string();
  x.steps = take_steps(in);
  x.enabled = in.take_bool();
  x.auto_start = in.take_bool();
  x.extension = in.take_bool();
  x.updated = in.take_bool();
  x.config = in.take_value();
  x.pre_jobs = in.take_strings();
  x.post_jobs = in.take_strings();
  x.error_tolerance = take_tolerance(in);
  x.tags = in.take_strings();
  x.url_patterns = in.take_strings();
  x.validated_at = in.take_time();
  x.created_at = in.take_time();
  x.updated_at = in.take_time();
  if (version == record_version)
    return in.done();
  x.time_zone = in.take_string();
  x.missed = in.take_enum<missed_runs>(missed_runs_count);
  x.overlap = in.take_enum<overlap>(overlap_count);
  x.parallel = in.take_bool();
  for (auto& s : x.steps)
    s.job = take_terms(in);
  if (version > with_terms_version) {
    for (auto& s : x.steps)
      s.step_timeout = in.take_string();
    x.retention = take_retention(in);
  }
  if (version > with_retention_version)
    for (auto& s : x.steps)
      s.job.labels = in.take_strings();
  return in.done();
}

} // namespace

void put_definition(write_batch& out, const job_definition& x) {
  encode(out.begin_put(text_key(table::definitions, x.id)), x);
  out.end_put();
}

void remove_definition(write_batch& out, std::string_view id) {
  out.remove(text_key(table::definitions, id));
}

status read_definition(const store& db, std::string_view id,
                       job_definition& out) {
  job_definition found;
  auto result
    = read_record(db, text_key(table::definitions, id),
                  [&](std::string_view val) { return decode(val, found); });
  if (result.ok()) {
    found.id = id;
    out = std::move(found);
  }
  return result;
}

status read_definitions(const store& db, std::vector<job_definition>& out) {
  out.clear();
  status error;
  auto result = for_each(db, text_key(table::definitions, {}),
                         [&](std::string_view key, std::string_view val) {
                           job_definition found;
                           if (!decode(val, found)) {
                             error = damaged(key);
                             return false;
                           }
                           found.id = key.substr(1);
                           out.push_back(std::move(found));
                           return true;
                         });
  return error.ok() ? result : error;
}

} // namespace quaero::storage
