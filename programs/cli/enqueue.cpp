#include "programs/cli/enqueue.hpp"

#include "definitions/ids.hpp"
#include "definitions/json.hpp"
#include "programs/cli/follow.hpp"
#include "programs/cli/input.hpp"
#include "programs/cli/interrupts.hpp"
#include "programs/cli/job_lines.hpp"
#include "programs/cli/meter.hpp"

#include <sys/stat.h>

#include <charconv>
#include <fstream>
#include <random>

namespace quaero::cli {

namespace {

// -- one job ------------------------------------------------------------------

// JSON given as such or as "@" and a file: an object, or what `number` allows.
// @returns false after a message.
bool read_member(const console& to, const char* option, const std::string& text,
                 bool number, value& out) {
  auto json = text;
  if (text.starts_with('@')) {
    auto input = read_input(to, text.substr(1));
    if (!input)
      return false;
    json = *input;
  }
  std::string error;
  if (!parse_json(json, out, error)) {
    to.err << "quaero: " << option << ": " << one_line(error) << '\n';
    return false;
  }
  bool good = out.is_object() || (number && out.is_int());
  if (!good)
    to.err << "quaero: " << option << ": expected "
           << (number ? "a number, " : "")
           << "an object, as in '{\"count\":5}', or @FILE\n";
  return good;
}

// A time given as such or as a duration from now on.
bool read_time(const command_context& context, const char* option,
               const std::string& text, bool durations, std::string& out) {
  timestamp at;
  std::chrono::nanoseconds duration{};
  if (from_rfc3339(text, at)) {
    out = to_rfc3339(at);
    return true;
  }
  if (durations && parse_duration(text, duration)) {
    out = to_rfc3339(context.clock->now() + duration);
    return true;
  }
  context.to.err << "quaero: " << option << ' ' << one_line(text)
                 << ": expected "
                 << (durations ? "a duration like 90s or 2h, or " : "")
                 << "a time like 2026-01-20T02:00:00Z\n";
  return false;
}

bool add_times(const command_context& context, const enqueue_options& options,
               value& job) {
  std::string time;
  if (!options.delay.empty() || !options.at.empty()) {
    bool delayed = options.at.empty();
    if (!read_time(context, delayed ? "--delay" : "--at",
                   delayed ? options.delay : options.at, delayed, time))
      return false;
    job.set("run_at", time);
  }
  if (options.expires.empty())
    return true;
  if (!read_time(context, "--expires", options.expires, true, time))
    return false;
  job.set("expires_at", time);
  return true;
}

// @returns false after a message.
bool make_job(const command_context& context, const enqueue_options& options,
              value& job) {
  job = value::make_object({{"type", options.type}});
  auto add = [&job](const char* name, const std::string& text) {
    if (!text.empty())
      job.set(name, text);
  };
  add("name", options.name);
  add("queue", options.queue);
  add("unique_key", options.unique_key);
  add("durability", options.durability);
  if (!options.priority.empty())
    job.set("priority", int64_t{std::stoi(options.priority)});
  if (!options.tags.empty()) {
    auto tags = value::make_array();
    for (const auto& tag : options.tags)
      tags.as_array().emplace_back(tag);
    job.set("tags", std::move(tags));
  }
  auto add_json = [&](const char* option, const char* name,
                      const std::string& text, bool number) {
    value x;
    if (text.empty())
      return true;
    if (!read_member(context.to, option, text, number, x))
      return false;
    job.set(name, std::move(x));
    return true;
  };
  return add_json("--config", "config", options.config, false)
         && add_json("--retry", "retry", options.retry, true)
         && add_times(context, options, job);
}

http_request post_jobs(std::string body, const std::string& key) {
  http_request result{.method = "POST",
                      .target = "/api/jobs",
                      .body = std::move(body),
                      .content_type = "application/json"};
  if (!key.empty())
    result.fields.emplace_back("Idempotency-Key", key);
  return result;
}

// -- many jobs ----------------------------------------------------------------

std::string random_key(const wall_clock& clock) {
  std::random_device random;
  return to_string(
    id_generator{clock, uint64_t{random()} << 32 | random()}.next());
}

// Of a regular file; 0 = not known.
int64_t size_of(const std::string& path) {
  struct stat x {};
  bool known = path != "-" && ::stat(path.c_str(), &x) == 0;
  return known && S_ISREG(x.st_mode) ? x.st_size : 0;
}

// Whether the same request may be answered otherwise later on.
bool is_passing(const answer& x) {
  return x.status == 0 || x.status == 429 || x.status >= 500
         || text_of(x.json, "code") == "idempotency_in_flight";
}

// Makes of each pointer into the array of a block ("/12/retry/attempts") the
// number of the line and the member of its job.
void name_lines(answer& x, const job_block& block) {
  auto* errors = x.json.find("errors");
  if (errors == nullptr || !errors->is_array())
    return;
  for (auto& error : errors->as_array()) {
    auto pointer = text_of(error, "pointer");
    size_t place = 0;
    const auto* end = pointer.data() + pointer.size();
    if (!error.is_object() || !pointer.starts_with('/'))
      continue;
    auto [rest, failed] = std::from_chars(pointer.data() + 1, end, place);
    if (failed != std::errc{} || place >= block.lines.size())
      continue;
    error.set("line", block.lines[place]);
    error.set("field", std::string{rest == end ? rest : rest + 1, end});
    error.erase("pointer");
  }
}

class line_sender {
public:
  line_sender(command_context& context, const enqueue_options& options)
    : context_{context}, options_{options}, meter_{context.to},
      key_{options.key.empty() ? random_key(*context.clock) : options.key},
      size_{size_of(options.lines)}, start_{context.clock->now()} {}

  int send(std::istream& in) {
    interrupt_guard guard;
    job_lines lines{in};
    if (!lines.skip(options_.skip)) {
      context_.to.err << "quaero: there are not so many lines\n";
      return exit_usage;
    }
    accepted_ = options_.skip;
    job_block block;
    while (lines.next(block)) {
      auto x = send_block(block);
      if (!x.ok() || left_)
        return stop(std::move(x), block);
      accepted_ = block.last;
      jobs_ += static_cast<int64_t>(block.jobs);
      if (context_.json)
        print_json(context_, x);
      meter_.show(lines.bytes(), size_, progress());
    }
    meter_.clear();
    if (!lines.error().empty()) {
      context_.to.err << "quaero: " << one_line(lines.error()) << '\n';
      say_how_to_go_on();
      return exit_usage;
    }
    if (!context_.json)
      context_.to.out << count_text(jobs_) << " jobs accepted\n";
    return exit_ok;
  }

private:
  // The key has the number of the first line, so that the same lines have the
  // same key when somebody goes on after a failure.
  answer send_block(const job_block& block) {
    auto request
      = post_jobs(block.body, key_ + '-' + std::to_string(block.first));
    std::chrono::milliseconds pause{250};
    for (int tries = 1;; ++tries) {
      auto x = ask_quietly(context_, request);
      left_ = !context_.http || (!x.ok() && interrupt_pending());
      if (left_ || !is_passing(x) || tries == block_tries_max)
        return x;
      auto asked = std::chrono::seconds{std::min<int64_t>(x.retry_after, 60)};
      left_ = context_.wait(std::max<std::chrono::milliseconds>(pause, asked));
      if (left_)
        return x;
      pause = std::min(pause * 2, std::chrono::milliseconds{5000});
    }
  }

  int stop(answer x, const job_block& block) {
    meter_.clear();
    bool interrupted = left_ && context_.http != nullptr;
    name_lines(x, block);
    if (!interrupted)
      report(context_, x);
    context_.to.err << "quaero: lines " << block.first << " to " << block.last
                    << (interrupted ? " were not acknowledged\n"
                                    : " were not accepted\n");
    say_how_to_go_on();
    return interrupted ? static_cast<int>(exit_detached) : x.exit;
  }

  void say_how_to_go_on() const {
    context_.to.err << accepted_ << " lines are accepted. Go on behind them, "
                    << "without making a job twice: quaero enqueue --lines "
                    << one_line(options_.lines) << " --skip " << accepted_
                    << " --key " << one_line(key_) << '\n';
  }

  std::string progress() const {
    using namespace std::chrono;
    auto taken
      = duration_cast<milliseconds>(context_.clock->now() - start_).count();
    auto text = count_text(jobs_) + " jobs";
    if (taken > 0)
      text += "  " + count_text(jobs_ * 1000 / taken) + "/s";
    return text;
  }

  command_context& context_;
  const enqueue_options& options_;
  meter meter_;
  std::string key_;
  int64_t size_;
  timestamp start_;
  int64_t accepted_ = 0; // lines
  int64_t jobs_ = 0;
  bool left_ = false;
};

} // namespace

int enqueue_one(command_context& context, const enqueue_options& options) {
  value job;
  if (!make_job(context, options, job))
    return exit_usage;
  auto x = ask(context, post_jobs(to_json(job), options.key));
  if (!x.ok())
    return x.exit;
  const auto& ids = items_of(x.json, "ids");
  auto id = ids.empty() || !ids[0].is_string() ? "" : ids[0].as_string();
  if (!items_of(x.json, "existing").empty())
    context.to.err << "A job with this key is there already; this is its id.\n";
  if (options.follow && !id.empty())
    return follow_job(context, id);
  return print_done(context, x, id);
}

int enqueue_lines(command_context& context, const enqueue_options& options) {
  line_sender sender{context, options};
  if (options.lines == "-") {
    if (context.to.in_terminal)
      context.to.err << "Type one JSON object a line; Ctrl-D ends.\n";
    return sender.send(*context.to.in);
  }
  std::ifstream file{options.lines, std::ios::binary};
  if (file.is_open())
    return sender.send(file);
  context.to.err << "quaero: cannot read " << one_line(options.lines) << '\n';
  return exit_usage;
}

} // namespace quaero::cli
