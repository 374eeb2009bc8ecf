#pragma once

#include "actors/messages.hpp"
#include "definitions/secrets.hpp"
#include "definitions/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// How the records of the runtime look to HTTP clients.
namespace quaero {

/// RFC 3339 in UTC with nanoseconds.
std::string to_rfc3339_ns(timestamp t);

/// Milliseconds from the start to the end, or to `now` if it goes on.
int64_t duration_ms(const job_state& state, timestamp now);

/// A stored JSON text as a tree; `{}` if it is none.
value stored_json(const std::string& text);

/// A job and its state; `counts` are those of its leaf descendants, live if it
/// still runs. Times that are zero are left out.
value job_json(const job_view& x, const child_counts& counts);

/// A job without descendants of its own, or with the counts it ended with.
value job_json(const job_view& x);

/// One line with everything about where it belongs.
value log_json(const log_entry& x);

/// {line_number, level, message}
value step_log_json(const log_entry& x);

value document_json(const document& x);

/// The definition and whether it could run (runtime_status, runtime_error).
/// @param keys tells which keys exist; null: none is asked for.
value definition_json(const job_definition& x, const key_lookup& keys);

/// The strong entity tag of what definition_json() makes.
std::string definition_tag(const job_definition& x, const key_lookup& keys);

value status_json(const actor_status& x);

// -- runs ---------------------------------------------------------------------

/// One step of a run, whether it has started or not.
struct step_row {
  std::optional<job_view> job; ///< Absent while it has not started.
  std::string name;
  std::string type;
  job_status status = job_status::pending;
  child_counts children;
  std::string error;
  uint64_t lines = 0; ///< In its log, at info and above.
};

struct run_overview {
  job_view manager;
  child_counts children;       ///< Over all steps, live while the run goes on.
  std::vector<step_row> steps; ///< In the order of the definition.
};

/// Puts together what is known of a run.
/// @param live what the run itself says, if it goes on.
/// @param jobs its step jobs in any order; of those of one step, the newest
///             counts.
run_overview make_overview(job_view manager,
                           const std::optional<run_progress>& live,
                           std::vector<job_view> jobs);

/// The tree of a run, without its lines.
value tree_json(const run_overview& x, timestamp now);

/// The light form for polling.
value structure_json(const run_overview& x);

} // namespace quaero
