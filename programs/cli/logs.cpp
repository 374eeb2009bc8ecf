#include "programs/cli/logs.hpp"

#include "definitions/json.hpp"
#include "programs/cli/event_stream.hpp"
#include "programs/cli/follow.hpp"
#include "programs/cli/interrupts.hpp"

#include <utility>

namespace quaero::cli {

namespace {

std::string logs_path(const log_options& options, const char* order,
                      int limit) {
  return job_path(options.id) + "/logs/aggregated?level=" + options.level
         + "&order=" + order + "&limit=" + std::to_string(limit);
}

colour level_colour(const std::string& level) {
  if (level == "error")
    return colour::red;
  if (level == "warn")
    return colour::yellow;
  return level == "debug" ? colour::grey : colour::none;
}

void print_line(const command_context& context, const value& line) {
  auto& out = context.to.out;
  if (context.json) {
    out << to_json(line) << '\n';
    return;
  }
  auto level = one_line(text_of(line, "level"));
  auto step = one_line(text_of(line, "step_name"));
  auto padded = level + std::string(5 - std::min<size_t>(5, level.size()), ' ');
  out << paint(context.to, colour::grey, one_line(text_of(line, "timestamp")))
      << ' ' << paint(context.to, level_colour(level), padded) << ' '
      << (step.empty() ? "" : step + ": ") << one_line(text_of(line, "message"))
      << '\n';
}

// Prints what a stream of a log has to say.
class stream_printer {
public:
  stream_printer(const command_context& context, const log_options& options)
    : context_{context}, options_{options} {}

  // @returns false after the end of the job.
  bool take(const stream_event& event) {
    value data;
    std::string error;
    json_limits limits;
    limits.bytes_max = event_bytes_max;
    if (!parse_json(event.data, data, error, limits))
      return true;
    if (event.type == "logs") {
      for (const auto& line : items_of(data, "logs"))
        print_line(context_, line);
      context_.to.out.flush();
    } else if (event.type == "reset") {
      context_.to.err << "quaero: some lines are not there any more\n";
    }
    const auto* job = event.type == "status" ? data.find("job") : nullptr;
    bool over = job != nullptr && text_of(*job, "id") == options_.id
                && is_over(text_of(*job, "status"));
    // What the stream begins with is how the job is now; its lines, and its end
    // among them, still follow. It has them no more if there is only silence.
    bool over_at_first = std::exchange(over_at_first_, over_at_first_ || over);
    if (event.type == "ping")
      return !over_at_first;
    return !over || !event.numbered;
  }

private:
  const command_context& context_;
  const log_options& options_;
  bool over_at_first_ = false;
};

int newest_lines(command_context& context, const log_options& options) {
  auto x = ask(context, {.target = logs_path(options, "desc", options.limit)});
  if (!x.ok())
    return x.exit;
  const auto& lines = items_of(x.json, "logs");
  for (auto i = lines.rbegin(); i != lines.rend(); ++i)
    print_line(context, *i);
  return exit_ok;
}

// Where a reader of an ascending log is: `seen` lines behind `cursor`.
struct log_position {
  std::string cursor;
  size_t seen = 0;
};

enum class log_read { more, end, error };

log_read read_on(command_context& context, const log_options& options,
                 log_position& at, answer& x) {
  auto target = logs_path(options, "asc", log_lines_max);
  if (!at.cursor.empty())
    target += "&cursor=" + percent_encode(at.cursor);
  x = ask_quietly(context, {.target = target});
  if (!x.ok())
    return log_read::error;
  const auto& lines = items_of(x.json, "logs");
  for (size_t i = at.seen; i < lines.size(); ++i)
    print_line(context, lines[i]);
  context.to.out.flush();
  auto next = text_of(x.json, "next_cursor");
  bool moved = !next.empty() && next != at.cursor && !lines.empty();
  at = moved ? log_position{next, 0} : log_position{at.cursor, lines.size()};
  return moved ? log_read::more : log_read::end;
}

bool job_is_over(command_context& context, const std::string& id) {
  auto x = ask_quietly(context, {.target = job_path(id)});
  return is_over(text_of(x.json, "status"));
}

int poll_lines(command_context& context, const log_options& options) {
  interrupt_guard guard;
  log_position at;
  int unanswered = 0;
  // The lines that a job writes last may be seen only after its end.
  bool over = false;
  for (;;) {
    answer x;
    auto read = log_read::more;
    while (read == log_read::more && !interrupt_pending())
      read = read_on(context, options, at, x);
    if (read == log_read::error) {
      bool final = x.exit != exit_unreachable;
      if (final || ++unanswered > unanswered_polls_max) {
        report(context, x);
        return x.exit;
      }
    } else {
      unanswered = 0;
      if (over)
        return exit_ok;
      over = job_is_over(context, options.id);
    }
    if (context.wait(poll_interval))
      return exit_detached;
  }
}

// From the first line on, as the stream has it.
int follow_lines(command_context& context, const log_options& options) {
  std::string target = "/api/logs/stream?scope=job";
  add_query(target, "job_id", options.id);
  add_query(target, "level", options.level);
  add_query(target, "after", "0");
  stream_printer printer{context, options};
  auto code = follow_events(
    context, {.target = target},
    [&](const stream_event& event) { return printer.take(event); });
  return code == exit_not_found ? poll_lines(context, options) : code;
}

} // namespace

int show_logs(command_context& context, const log_options& options) {
  return options.follow ? follow_lines(context, options)
                        : newest_lines(context, options);
}

} // namespace quaero::cli
