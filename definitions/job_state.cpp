#include "definitions/job_state.hpp"

namespace quaero {

std::string to_string(job_status x) {
  switch (x) {
    case job_status::pending:
      return "pending";
    case job_status::running:
      return "running";
    case job_status::completed:
      return "completed";
    case job_status::failed:
      return "failed";
    case job_status::cancelled:
      return "cancelled";
    case job_status::skipped:
      return "skipped";
  }
  return "unknown";
}

bool from_string(std::string_view text, job_status& out) {
  for (size_t i = 0; i < job_status_count; ++i) {
    auto x = static_cast<job_status>(i);
    if (text == to_string(x)) {
      out = x;
      return true;
    }
  }
  return false;
}

std::string to_string(failure_reason x) {
  switch (x) {
    case failure_reason::none:
      return "";
    case failure_reason::attempts_exhausted:
      return "attempts_exhausted";
    case failure_reason::not_retryable:
      return "not_retryable";
    case failure_reason::expired:
      return "expired";
    case failure_reason::quarantined:
      return "quarantined";
    case failure_reason::timed_out:
      return "timed_out";
  }
  return "";
}

std::vector<failure_reason> all_failure_reasons() {
  std::vector<failure_reason> out;
  for (size_t i = 1; i < failure_reason_count; ++i)
    out.push_back(static_cast<failure_reason>(i));
  return out;
}

bool from_string(std::string_view text, failure_reason& out) {
  for (size_t i = 1; i < failure_reason_count; ++i) {
    auto x = static_cast<failure_reason>(i);
    if (text == to_string(x)) {
      out = x;
      return true;
    }
  }
  return false;
}

bool apply(job_state& state, const job_event& event, bool is_step) {
  auto from = state.status;
  // The one event of a short job stands for its start as well.
  if (from == job_status::pending && is_terminal(event.status)
      && event.started_at != timestamp{})
    from = job_status::running;
  if (!may_move(from, event.status, is_step))
    return false;
  if (event.epoch != 0 && event.epoch < state.epoch)
    return false;
  state.status = event.status;
  state.updated_at = event.at;
  if (event.epoch != 0)
    state.epoch = event.epoch;
  if (event.attempt != 0)
    state.attempt = event.attempt;
  if (!event.error.empty())
    state.error = event.error;
  if (state.started_at == timestamp{})
    state.started_at
      = event.status == job_status::running ? event.at : event.started_at;
  if (!is_terminal(event.status))
    return true;
  state.finished_at = event.at;
  state.result_count = event.result_count;
  state.children = event.children;
  state.result = event.result;
  state.reason = event.reason;
  return true;
}

job_state fold(const std::vector<job_event>& events, bool is_step) {
  job_state result;
  for (auto& x : events)
    apply(result, x, is_step);
  return result;
}

} // namespace quaero
