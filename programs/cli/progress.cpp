#include "programs/cli/progress.hpp"

#include "programs/cli/ask.hpp"
#include "programs/cli/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace quaero::cli {

namespace {

constexpr size_t bar_cells = 20;
constexpr size_t name_columns_max = 24;
constexpr size_t rows_kept_free = 2; // of the terminal, below the bars
constexpr int64_t parts_told = 4;    // lines a step at most, besides changes

int64_t finished(const step_progress& x) {
  return x.completed + x.failed + x.cancelled;
}

int64_t percent(const step_progress& x) {
  if (x.total <= 0)
    return x.status == "completed" ? 100 : 0;
  return std::clamp<int64_t>(finished(x) * 100 / x.total, 0, 100);
}

step_progress read_step(const value& x) {
  step_progress result;
  result.step_id = x.get_string("step_id").value_or("");
  result.name = x.get_string("name").value_or("");
  result.type = x.get_string("type").value_or("");
  result.status = x.get_string("status").value_or("pending");
  result.error = x.get_string("error").value_or("");
  result.duration_ms = x.get_int("duration_ms").value_or(0);
  if (const auto* sums = x.find("child_summary")) {
    auto read = [sums](const char* name) {
      return std::max<int64_t>(0, sums->get_int(name).value_or(0));
    };
    result.total = read("total");
    result.completed = read("completed");
    result.failed = read("failed");
    result.cancelled = read("cancelled");
    result.running = read("running");
    result.pending = read("pending");
    result.documents = read("document_count");
  }
  return result;
}

std::string spinner(const console& to, size_t tick) {
  static constexpr std::array<const char*, 10> round{"⠋", "⠙", "⠹", "⠸", "⠼",
                                                     "⠴", "⠦", "⠧", "⠇", "⠏"};
  static constexpr std::array<const char*, 4> plain{"|", "/", "-", "\\"};
  return to.unicode ? round[tick % round.size()] : plain[tick % plain.size()];
}

std::string sign_of(const console& to, const step_progress& x, size_t tick) {
  if (x.status == "running")
    return spinner(to, tick);
  if (x.status == "completed")
    return to.unicode ? "✓" : "+";
  if (x.status == "failed")
    return to.unicode ? "✗" : "x";
  return to.unicode ? "·" : ".";
}

std::string bar(const console& to, const step_progress& x, size_t tick) {
  const char* full = to.unicode ? "█" : "#";
  const char* empty = to.unicode ? "░" : "-";
  std::string result;
  bool unknown = x.total <= 0 && x.status == "running";
  auto done = static_cast<size_t>(percent(x)) * bar_cells / 100;
  for (size_t i = 0; i < bar_cells; ++i)
    result += (unknown ? i == tick % bar_cells : i < done) ? full : empty;
  if (unknown)
    return result + "    ?";
  auto number = std::to_string(percent(x));
  return result + std::string(4 - std::min<size_t>(4, number.size()), ' ')
         + number + '%';
}

std::string counts(const step_progress& x) {
  std::string result;
  auto add = [&result](const char* name, int64_t n) {
    if (n > 0)
      result += (result.empty() ? "" : "  ") + std::string{name} + ' '
                + std::to_string(n);
  };
  add("ok", x.completed);
  add("failed", x.failed);
  add("cancelled", x.cancelled);
  add("documents", x.documents);
  add("running", x.running);
  add("waiting", x.pending);
  return result;
}

std::string step_line(const console& to, const step_progress& x,
                      size_t name_columns, size_t tick) {
  auto name = cut(one_line(x.name), name_columns);
  name.append(name_columns - display_width(name), ' ');
  auto tail = ' ' + name + "  " + bar(to, x, tick);
  if (x.status == "running" || x.over())
    tail += "  " + duration_text(x.duration_ms);
  if (auto text = counts(x); !text.empty())
    tail += "  " + text;
  if (to.width != 0)
    tail = cut(tail, to.width - 2);
  return paint(to, status_colour(x.status), sign_of(to, x, tick)) + tail;
}

const step_progress* find_step(const run_progress& run,
                               const std::string& name) {
  auto i = std::find_if(run.steps.begin(), run.steps.end(),
                        [&name](const auto& x) { return x.name == name; });
  return i != run.steps.end() ? &*i : nullptr;
}

} // namespace

bool step_progress::over() const {
  return is_over(status);
}

bool run_progress::over() const {
  return is_over(status);
}

bool read_progress(const value& tree, run_progress& out) {
  auto status = tree.get_string("status");
  const auto* steps = tree.find("steps");
  if (!status || steps == nullptr || !steps->is_array())
    return false;
  run_progress result;
  result.job_id = tree.get_string("job_id").value_or("");
  result.name = tree.get_string("job_name").value_or("");
  result.status = *status;
  result.error = tree.get_string("error").value_or("");
  result.duration_ms = tree.get_int("duration_ms").value_or(0);
  result.documents = tree.get_int("document_count").value_or(0);
  for (const auto& step : steps->as_array())
    result.steps.push_back(read_step(step));
  out = std::move(result);
  return true;
}

std::vector<std::string> progress_lines(const console& to,
                                        const run_progress& run, size_t tick) {
  size_t name_columns = 0;
  for (const auto& step : run.steps)
    name_columns = std::max(name_columns, display_width(one_line(step.name)));
  name_columns = std::min(name_columns, name_columns_max);
  auto room = std::max(to.height, rows_kept_free + 2) - rows_kept_free;
  std::vector<std::string> result;
  size_t hidden = 0;
  if (run.steps.size() > room) {
    // What is done scrolls out at the top, as in a log.
    size_t done = 0;
    while (done < run.steps.size() && run.steps[done].over())
      ++done;
    hidden = std::min(done, run.steps.size() - (room - 1));
    result.push_back(std::to_string(run.steps.size() - (room - 1))
                     + " more steps are not shown");
    room -= 1;
  }
  for (size_t i = hidden; i < run.steps.size() && room > 0; ++i, --room)
    result.push_back(step_line(to, run.steps[i], name_columns, tick));
  return result;
}

std::vector<std::string> change_lines(const run_progress& before,
                                      const run_progress& now) {
  static const step_progress nothing;
  std::vector<std::string> result;
  for (const auto& step : now.steps) {
    const auto* old = find_step(before, step.name);
    if (old == nullptr)
      old = &nothing;
    bool news = step.status != old->status && step.status != "pending";
    bool further
      = step.status == "running" && step.total > 0
        && percent(step) * parts_told / 100 > percent(*old) * parts_told / 100;
    if (!news && !further)
      continue;
    auto line = one_line(step.name) + ": " + one_line(step.status);
    if (step.total > 0)
      line += ", " + std::to_string(finished(step)) + " of "
              + std::to_string(step.total);
    if (auto text = counts(step); !text.empty())
      line += " (" + text + ')';
    if (step.over() && !step.error.empty())
      line += ": " + one_line(step.error);
    result.push_back(std::move(line));
  }
  return result;
}

void print_steps(const console& to, const run_progress& run) {
  table steps{{{.heading = "STEP", .shrinks = true},
               {.heading = "STATUS", .status = true},
               {.heading = "JOBS", .right = true},
               {.heading = "PAGES", .right = true},
               {.heading = "DOCUMENTS", .right = true},
               {.heading = "FAILED", .right = true},
               {.heading = "TIME", .right = true}}};
  for (const auto& x : run.steps) {
    bool pages = x.type == "crawler";
    steps.add({x.name, x.status, std::to_string(x.total),
               pages ? std::to_string(x.completed) : "-",
               std::to_string(x.documents), std::to_string(x.failed),
               duration_text(x.duration_ms)});
  }
  steps.print(to);
}

std::string duration_text(int64_t ms) {
  ms = std::max<int64_t>(0, ms);
  char buffer[48];
  auto seconds = ms / 1000;
  if (ms < 1000)
    std::snprintf(buffer, sizeof(buffer), "%d ms", static_cast<int>(ms));
  else if (seconds < 60)
    std::snprintf(buffer, sizeof(buffer), "%d.%d s", static_cast<int>(seconds),
                  static_cast<int>(ms % 1000 / 100));
  else if (seconds < 3600)
    std::snprintf(buffer, sizeof(buffer), "%dm%02ds",
                  static_cast<int>(seconds / 60),
                  static_cast<int>(seconds % 60));
  else
    std::snprintf(buffer, sizeof(buffer), "%lldh%02dm",
                  static_cast<long long>(seconds / 3600),
                  static_cast<int>(seconds / 60 % 60));
  return buffer;
}

} // namespace quaero::cli
