#include "actors/gateway/live_text.hpp"

#include "actors/gateway/views.hpp"
#include "definitions/json.hpp"

#include <array>
#include <utility>

namespace quaero {

namespace {

constexpr std::array<std::string_view, live_type_count> type_names{
  "job_status_change", "job_log",       "job_update",
  "job_step_progress", "step_progress", "parent_job_progress",
  "job_spawn",         "job_stats",     "status",
  "app_status",
};

/// Writes an object member by member, without a tree in between: a line is
/// written ten thousand times a second.
class object_writer {
public:
  object_writer() { out_ += '{'; }

  object_writer& text(std::string_view name, std::string_view x) {
    begin(name);
    append_json_string(out_, x);
    return *this;
  }
  /// An id; null for none.
  object_writer& id(std::string_view name, const job_id& x) {
    begin(name);
    if (x)
      out_.append(1, '"').append(to_string(x)).append(1, '"');
    else
      out_ += "null";
    return *this;
  }
  object_writer& number(std::string_view name, uint64_t x) {
    begin(name);
    out_ += std::to_string(x);
    return *this;
  }
  object_writer& flag(std::string_view name, bool x) {
    begin(name);
    out_ += x ? "true" : "false";
    return *this;
  }
  object_writer& time(std::string_view name, timestamp x) {
    begin(name);
    out_.append(1, '"').append(to_rfc3339_ns(x)).append(1, '"');
    return *this;
  }
  object_writer& raw(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
    return *this;
  }

  std::string finish() {
    out_ += '}';
    return std::move(out_);
  }

private:
  void begin(std::string_view name) {
    if (out_.size() > 1)
      out_ += ',';
    out_.append(1, '"').append(name).append("\":");
  }

  std::string out_;
};

std::string progress_text(const child_counts& x) {
  return std::to_string(x.pending) + " pending, " + std::to_string(x.running)
         + " running, " + std::to_string(x.completed) + " completed, "
         + std::to_string(x.failed) + " failed";
}

job_id parent_of(const job_event& x, const event_place& place) {
  return place.step && place.step != x.id ? place.step
         : place.manager != x.id          ? place.manager
                                          : job_id{};
}

std::string line_payload(const log_entry& x) {
  const auto& line = x.line;
  const auto at = to_rfc3339_ns(line.at);
  constexpr size_t clock_start = 11; // Behind "2026-01-20T".
  constexpr size_t clock_size = 12;  // "02:00:04.118".
  object_writer out;
  out.text("timestamp", std::string_view{at}.substr(clock_start, clock_size))
    .text("full_timestamp", at)
    .text("level", to_string(line.level))
    .text("message", line.message)
    .number("line_number", x.line_number())
    .id("job_id", line.job)
    .id("step_id", line.owner == line.manager ? job_id{} : line.owner)
    .text("originator", to_string(line.origin));
  return out.finish();
}

std::string move_payload(const job_event& x, const event_place& place) {
  object_writer out;
  out.id("job_id", x.id)
    .id("parent_id", parent_of(x, place))
    .id("run_id", place.manager)
    .id("step_id", place.step)
    .text("job_type", place.type)
    .text("status", to_string(x.status))
    .text("previous_status", to_string(place.from));
  if (x.attempt != 0)
    out.number("attempt", x.attempt);
  if (!x.error.empty())
    out.text("error", x.error);
  if (x.result_count != 0)
    out.number("result_count", x.result_count);
  if (x.started_at != timestamp{})
    out.time("started_at", x.started_at);
  const auto& counts = x.children;
  if (counts.total() != 0)
    out.number("child_count", counts.total())
      .number("completed_children", counts.completed)
      .number("child_failure_count", counts.failed)
      .number("cancelled_children", counts.cancelled)
      .number("running_children", counts.running)
      .text("progress_text", progress_text(counts));
  if (counts.total() != 0 || counts.documents != 0)
    out.number("document_count", counts.documents);
  return out.time("timestamp", x.at).finish();
}

object_writer& add_counts(object_writer& out, const child_counts& x) {
  return out.number("total_jobs", x.total())
    .number("pending_jobs", x.pending)
    .number("running_jobs", x.running)
    .number("completed_jobs", x.completed)
    .number("failed_jobs", x.failed)
    .number("cancelled_jobs", x.cancelled)
    .number("document_count", x.documents);
}

uint64_t count_of(const storage::totals& x, job_status status) {
  return x.jobs[static_cast<size_t>(status)];
}

void append_members(std::string& out, const live_message& x) {
  if (x.run)
    out.append(",\"run\":\"").append(to_string(x.run)).append(1, '"');
  if (x.number != 0)
    out.append(",\"seq\":").append(std::to_string(x.number));
}

} // namespace

std::string_view to_string(live_type x) {
  return type_names[static_cast<size_t>(x)];
}

bool from_string(std::string_view text, live_type& out) {
  for (size_t i = 0; i < type_names.size(); ++i)
    if (type_names[i] == text) {
      out = static_cast<live_type>(i);
      return true;
    }
  return false;
}

bool add_type(std::string_view name, live_types& out) {
  live_type type{};
  if (name == "overview")
    out |= overview_types;
  else if (from_string(name, type))
    out |= types_of(type);
  else
    return false;
  return true;
}

// -- payloads -----------------------------------------------------------------

std::string payload_of(const entry_view& x) {
  return x.line ? line_payload(*x.line) : move_payload(*x.event, *x.place);
}

std::string update_payload(const run_progress& x, size_t step, timestamp now) {
  const bool is_step = step < x.steps.size();
  const auto status = is_step ? x.steps[step].status : x.status;
  object_writer out;
  out.text("context", is_step ? "job_step" : "job").id("job_id", x.manager);
  if (is_step)
    out.text("step_name", x.steps[step].name).id("step_id", x.steps[step].id);
  out.text("status", to_string(status))
    .flag("refresh_logs", is_terminal(status))
    .time("timestamp", now);
  return out.finish();
}

std::string progress_payload(const run_progress& x, timestamp now) {
  const auto& counts = x.children;
  object_writer out;
  out.id("job_id", x.manager)
    .text("status", to_string(x.status))
    .text("progress_text", progress_text(counts))
    .number("total_children", counts.total())
    .number("pending_children", counts.pending)
    .number("running_children", counts.running)
    .number("completed_children", counts.completed)
    .number("failed_children", counts.failed)
    .number("cancelled_children", counts.cancelled)
    .number("document_count", counts.documents)
    .time("timestamp", now);
  return out.finish();
}

std::string step_payload(const run_progress& x, size_t step, timestamp now) {
  const auto& one = x.steps[step];
  object_writer out;
  out.id("step_id", one.id)
    .id("manager_id", x.manager)
    .text("step_name", one.name)
    .text("status", to_string(one.status));
  add_counts(out, one.children)
    .text("progress_text", progress_text(one.children))
    .time("timestamp", now);
  return out.finish();
}

std::string position_payload(const run_progress& x, size_t step,
                             timestamp now) {
  const auto& one = x.steps[step];
  object_writer out;
  out.id("job_id", x.manager)
    .number("step_index", step)
    .text("step_name", one.name)
    .text("step_type", one.type)
    .number("current_step", step + 1)
    .number("total_steps", x.steps.size())
    .text("step_status", to_string(one.status))
    .number("step_child_count", one.children.total())
    .time("timestamp", now);
  return out.finish();
}

std::string spawn_payload(const spawned_jobs& x, timestamp now) {
  object_writer out;
  out.id("parent_job_id", x.parent)
    .id("child_job_id", x.newest)
    .text("job_type", x.type)
    .number("count", x.count)
    .number("depth", x.manager ? 2 : 0)
    .time("timestamp", now);
  return out.finish();
}

std::string stats_payload(const storage::totals& x, timestamp now) {
  uint64_t all = 0;
  for (auto n : x.jobs)
    all += n;
  object_writer out;
  out.number("total_jobs", all)
    .number("pending_jobs", count_of(x, job_status::pending))
    .number("running_jobs", count_of(x, job_status::running))
    .number("completed_jobs", count_of(x, job_status::completed))
    .number("failed_jobs", count_of(x, job_status::failed))
    .number("cancelled_jobs", count_of(x, job_status::cancelled))
    .number("skipped_jobs", count_of(x, job_status::skipped))
    .time("timestamp", now);
  return out.finish();
}

bool is_busy(const storage::totals& x) {
  return count_of(x, job_status::pending) + count_of(x, job_status::running)
         != 0;
}

// Names that stand for nothing here are what older clients look for.
std::string status_payload(const storage::totals& x, std::string_view instance,
                           timestamp now) {
  object_writer out;
  out.text("service", "ONLINE")
    .text("status", is_busy(x) ? "BUSY" : "IDLE")
    .text("database", "CONNECTED")
    .text("extensionAuth", "NONE")
    .number("projectsCount", 0)
    .number("issuesCount", 0)
    .number("pagesCount", x.documents)
    .text("lastScrape", "");
  if (!instance.empty())
    out.text("serverInstanceId", instance);
  return out.time("timestamp", now).finish();
}

std::string app_status_payload(const storage::totals& x, timestamp now) {
  object_writer out;
  out.text("state", is_busy(x) ? "crawling" : "idle")
    .raw("metadata", "{}")
    .time("timestamp", now);
  return out.finish();
}

// -- messages -----------------------------------------------------------------

void append_socket_message(std::string& out, const live_message& x) {
  out.append("{\"type\":\"").append(to_string(x.type)).append(1, '"');
  append_members(out, x);
  out.append(",\"payload\":").append(x.payload).append(1, '}');
}

void append_event(std::string& out, const live_message& x) {
  append_event(out, to_string(x.type), x.number, x.payload);
}

void append_event(std::string& out, std::string_view name, uint64_t number,
                  std::string_view data) {
  out.append("event: ").append(name);
  if (number != 0)
    out.append("\nid: ").append(std::to_string(number));
  // JSON has no line breaks outside of strings, and escapes those inside.
  out.append("\ndata: ").append(data).append("\n\n");
}

std::string socket_message(std::string_view type, const value& payload,
                           const job_id& run) {
  std::string out{"{\"type\":\""};
  out.append(type).append(1, '"');
  if (run)
    out.append(",\"run\":\"").append(to_string(run)).append(1, '"');
  return out.append(",\"payload\":").append(to_json(payload)).append(1, '}');
}

} // namespace quaero
