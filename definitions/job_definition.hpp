#pragma once

#include "definitions/retention.hpp"
#include "definitions/time.hpp"
#include "definitions/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// What the run does when a step has failed.
enum class on_error : uint8_t {
  carry_on, ///< "continue": remember the error; dependent steps are skipped.
  fail,     ///< Stop the run.
  retry,    ///< Run the step again by its retry policy, then as carry_on.
  fatal,    ///< Stop the run and cancel everything that still runs.
};

/// What the run does when more children failed than tolerated.
enum class failure_action : uint8_t { stop_all, carry_on, mark_warning };

std::string to_string(on_error x);
std::string to_string(failure_action x);

/// What becomes of moments at which a schedule should have fired and the daemon
/// did not run, or the definition was not enabled.
enum class missed_runs : uint8_t {
  skip,     ///< Nothing.
  run_once, ///< One run for all of them.
  run_all,  ///< A run for each, one after another.
};

/// What a schedule does at its moment when a run of the definition goes on.
enum class overlap : uint8_t {
  skip,  ///< No run for that moment.
  queue, ///< A run when the one before is over; at most one waits.
  allow, ///< Another run beside it.
};

std::string to_string(missed_runs x);
std::string to_string(overlap x);

/// How often and how soon failed work is tried again. The wait before attempt
/// n + 1 is min(backoff * 2^(n-1), backoff_max), plus or minus `jitter`.
struct retry_policy {
  uint32_t attempts = 3; ///< 1 to 100, the first counts.
  std::chrono::nanoseconds backoff = std::chrono::seconds{1};
  std::chrono::nanoseconds backoff_max = std::chrono::minutes{5};
  double jitter = 0.2; ///< 0 to 1, share of the wait.

  bool operator==(const retry_policy&) const = default;
};

struct error_tolerance {
  int64_t max_child_failures = 0; ///< >= 0; 0 means any number.
  failure_action action = failure_action::carry_on;

  bool operator==(const error_tolerance&) const = default;
};

/// What the jobs of a step have in common, whatever their worker says.
struct job_terms_of_step {
  std::string queue;               ///< "" is the worker's, or "default".
  std::optional<uint8_t> priority; ///< 0 to 9; absent: the worker's.
  std::string timeout;             ///< Of an attempt; a duration, "" is none.
  std::string limit_key;           ///< See queue_job; "" is the worker's.
  /// Labels that a machine must have to run them; TOML: requires.
  std::vector<std::string> labels;

  bool operator==(const job_terms_of_step&) const = default;
};

/// A job with the tag "requires:LABEL" runs where that label is offered only.
inline constexpr std::string_view label_tag_prefix = "requires:";

inline constexpr size_t labels_max = 8;       ///< Of one step.
inline constexpr size_t label_bytes_max = 48; ///< Of [A-Za-z0-9._-].

/// One step of a definition: what a worker type shall do, and after what.
struct step {
  std::string name; ///< Unique in its definition.
  std::string type; ///< A worker type.
  std::string description;
  value config = value::make_object(); ///< For the worker; always an object.
  enum on_error on_error = on_error::carry_on;
  std::vector<std::string> depends; ///< Names of other steps; no cycle.
  bool always_run = false;          ///< Even when a dependency failed.
  std::string condition;            ///< "" is always; see docs/definitions.md.
  std::string step_timeout;         ///< A duration, "" is no limit.
  job_terms_of_step job;
  std::optional<retry_policy> retry; ///< Absent: the worker type's own.

  bool operator==(const step&) const = default;
};

/// What a user wants done. Immutable for a run: the run keeps its own copy.
struct job_definition {
  std::string id; ///< 1 to 128 of [A-Za-z0-9._-].
  std::string name;
  std::string type; ///< A definition type; derived from the first step if "".
  std::string job_type = "user"; ///< "user" or "system" (read-only).
  std::string description;
  std::string toml; ///< The text it was read from, or "".
  std::string source_type;
  std::string base_url;
  std::string auth_id;     ///< TOML key: authentication.
  std::vector<step> steps; ///< In the order of the file.
  std::string schedule;    ///< 5-field cron, "" is manual.
  std::string time_zone;   ///< Of the schedule; an IANA name, "" is UTC.
  missed_runs missed = missed_runs::run_once;
  enum overlap overlap = overlap::skip;
  /// Steps that do not depend on each other run at once; else each waits for
  /// the one before it in the file.
  bool parallel = true;
  std::string timeout; ///< A duration, "" is no limit.
  bool enabled = true;
  bool auto_start = false;
  bool extension = false;
  value config = value::make_object(); ///< Read with {config.key}.
  std::vector<std::string> pre_jobs;
  std::vector<std::string> post_jobs;
  std::optional<struct error_tolerance> error_tolerance;
  retention_terms retention; ///< Of its runs, those of before as well.
  std::vector<std::string> tags;
  std::vector<std::string> url_patterns;
  std::string validation_status = "unknown"; ///< valid, invalid, unknown.
  std::string validation_error;
  timestamp validated_at{};
  std::string content_hash; ///< 8 hex digits of the TOML text.
  bool updated = false;     ///< The file changed since it was last loaded.
  timestamp created_at{};
  timestamp updated_at{};

  bool operator==(const job_definition&) const = default;
};

/// The definition type that a first step of this worker type implies.
std::string derive_definition_type(const std::string& worker_type);

/// Every worker type a definition may name, sorted.
const std::vector<std::string>& worker_types();

/// Every definition type, sorted.
const std::vector<std::string>& definition_types();

/// JSON with the field names of the HTTP API. Times that are zero are left out.
value to_value(const job_definition& x);
value to_value(const step& x);
value to_value(const job_terms_of_step& x);
value to_value(const retention_terms& x); ///< Only what it says.

} // namespace quaero
