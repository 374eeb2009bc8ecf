#include "definitions/json.hpp"
#include "programs/cli/ask.hpp"
#include "programs/cli/declare.hpp"
#include "programs/cli/keys.hpp"
#include "programs/cli/terminal_mode.hpp"
#include "programs/cli/top_view.hpp"

#include <algorithm>
#include <csignal>
#include <optional>

namespace quaero::cli {

namespace {

constexpr std::chrono::milliseconds answer_timeout{3000};
constexpr std::chrono::milliseconds interval_min{200};
constexpr std::chrono::milliseconds interval_max{60'000};
constexpr int64_t running_max = 100; // jobs asked for
constexpr int signal_exit = 128;     // and its number, as shells say it

struct top_options {
  bool once = false;
  std::string interval = "1s";
};

// The answers that a screen is made of.
struct top_answers {
  answer status;
  answer version;
  answer stats;
  answer queues;
  answer jobs;
  answer actors;
};

answer quickly(command_context& context, std::string target) {
  return ask_quietly(context,
                     {.target = std::move(target), .timeout = answer_timeout});
}

// Stops at the first answer without which there is nothing to show.
top_answers ask_all(command_context& context) {
  top_answers x;
  x.status = quickly(context, "/api/status");
  if (!x.status.ok())
    return x;
  x.stats = quickly(context, "/api/jobs/stats");
  x.version = quickly(context, "/api/version");
  x.queues = quickly(context, "/api/queues");
  x.jobs = quickly(context, "/api/jobs?limit=" + std::to_string(running_max)
                              + "&status=running");
  x.actors = quickly(context, "/api/actors");
  return x;
}

top_sample sample_of(const command_context& context, const top_answers& x) {
  auto now = context.clock->now();
  top_sample result{.at = now,
                    .server = server_url(context),
                    .version = text_of(x.version.json, "version"),
                    .state = text_of(x.status.json, "state"),
                    .jobs = read_job_numbers(x.stats.json),
                    .queues = read_queues(x.queues.json),
                    .running = read_running(x.jobs.json, now),
                    .actors = read_actors(x.actors.json)};
  result.running_total
    = x.jobs.json.get_int("total_count")
        .value_or(static_cast<int64_t>(result.running.size()));
  return result;
}

int show_once(command_context& context) {
  auto x = ask_all(context);
  if (!x.status.ok()) {
    report(context, x.status);
    return x.status.exit;
  }
  if (context.json) {
    print_text(context.to,
               to_json(value::make_object({{"status", x.status.json},
                                           {"stats", x.stats.json},
                                           {"version", x.version.json},
                                           {"queues", x.queues.json},
                                           {"jobs", x.jobs.json},
                                           {"actors", x.actors.json}})));
    return exit_ok;
  }
  auto to = context.to;
  to.height = 0;
  for (const auto& line : top_lines(to, sample_of(context, x), {.live = false}))
    to.out << line << '\n';
  return exit_ok;
}

// The live screen.
class top_screen {
public:
  top_screen(command_context& context, std::chrono::milliseconds interval)
    : context_{context}, interval_{interval} {}

  int run() {
    key_reader input;
    terminal_mode screen{terminal_mode::kind::screen};
    for (;;) {
      if (!state_.paused)
        refresh();
      draw();
      auto next = context_.clock->now() + interval_;
      do {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(
          next - context_.clock->now());
        auto x = input.wait(
          std::clamp(left, std::chrono::milliseconds{1}, interval_));
        if (auto code = take(x, screen))
          return *code;
      } while (context_.clock->now() < next);
    }
  }

private:
  void refresh() {
    auto x = ask_all(context_);
    if (!x.status.ok()) {
      state_.problem
        = "cannot reach " + server_url(context_) + ": "
          + (x.status.status == 0 ? x.status.text
                                  : "status " + std::to_string(x.status.status))
          + "; trying again";
      return;
    }
    auto now = sample_of(context_, x);
    if (sampled_)
      state_.rates = rates_between(sample_, now);
    sampled_ = true;
    sample_ = std::move(now);
    state_.problem.clear();
    state_.offset = std::min(state_.offset, sample_.running.size());
  }

  // One write for a whole screen, and no erasing before it: no flicker.
  void draw() {
    auto to = context_.to;
    read_size(to);
    std::string frame = "\x1b[H";
    auto lines = top_lines(to, sample_, state_);
    for (size_t i = 0; i < lines.size(); ++i)
      frame += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
    to.out << frame << "\x1b[J" << std::flush;
  }

  // @returns the exit code if that was the end.
  std::optional<int> take(const key_reader::input& x, terminal_mode& screen) {
    if (x.closed)
      return exit_detached;
    if (x.signal == SIGTSTP) {
      screen.leave();
      ::raise(SIGSTOP);
      screen.enter();
      draw();
    } else if (x.signal == SIGWINCH) {
      draw();
    } else if (x.signal != 0) {
      return signal_exit + x.signal;
    }
    for (auto k : x.keys) {
      if (k == key::quit)
        return exit_ok;
      if (k == key::pause)
        state_.paused = !state_.paused;
      if (k == key::up && state_.offset > 0)
        --state_.offset;
      if (k == key::down && state_.offset + 1 < sample_.running.size())
        ++state_.offset;
    }
    if (!x.keys.empty())
      draw();
    return std::nullopt;
  }

  command_context& context_;
  std::chrono::milliseconds interval_;
  top_sample sample_;
  top_state state_;
  bool sampled_ = false;
};

int show_top(command_context& context, const top_options& options) {
  using namespace std::chrono;
  nanoseconds interval{};
  bool good = parse_duration(options.interval, interval)
              && interval >= interval_min && interval <= interval_max;
  if (!good) {
    context.to.err << "quaero: --interval is a duration from 200ms to 1m\n";
    return exit_usage;
  }
  const auto& to = context.to;
  if (options.once || context.json || !to.terminal || !to.in_terminal)
    return show_once(context);
  return top_screen{context, duration_cast<milliseconds>(interval)}.run();
}

} // namespace

void add_top_command(CLI::App& app, command_context& context) {
  auto [sub, options]
    = declare(app, context,
              {"top",
               "Watch the daemon work\n\n"
               "Keys: q quit, p pause, up and down scroll. Without a terminal "
               "it prints once.",
               "quaero top\n"
               "quaero top --once",
               "The daemon"},
              show_top);
  sub.add_flag("--once", options.once, "Print once, as plain text");
  add_value(sub, "--interval", options.interval, "DURATION",
            "Time between two looks, from 200ms to 1m (default: 1s)");
}

} // namespace quaero::cli
