#include "programs/cli/declare.hpp"
#include "programs/cli/enqueue.hpp"

#include <CLI/Validators.hpp>

namespace quaero::cli {

namespace {

int enqueue(command_context& context, const enqueue_options& options) {
  bool many = !options.lines.empty();
  if (many == !options.type.empty()) {
    context.to.err << "quaero: name a type of job, or a file with --lines; not "
                      "both\n";
    return exit_usage;
  }
  if (!options.delay.empty() && !options.at.empty()) {
    context.to.err << "quaero: give --delay or --at, not both\n";
    return exit_usage;
  }
  return many ? enqueue_lines(context, options) : enqueue_one(context, options);
}

void add_one_options(CLI::App& sub, enqueue_options& options) {
  auto add = [&sub](const char* name, std::string& to, const char* kind,
                    const char* text) {
    return add_value(sub, name, to, kind, text)->group("One job");
  };
  add("--name", options.name, "TEXT", "What people call it");
  add("--config", options.config, "JSON", "What its type needs; JSON or @FILE");
  add("--queue", options.queue, "NAME", "Queue it waits in");
  add("--priority", options.priority, "N", "0 goes first, 9 last")
    ->check(CLI::Range(0, 9));
  add("--delay", options.delay, "DURATION", "Not before this has passed: 90s");
  add("--at", options.at, "TIME", "Not before: 2026-01-20T02:00:00Z");
  add("--expires", options.expires, "WHEN",
      "Not started after this duration or time");
  add("--unique-key", options.unique_key, "TEXT",
      "At most one job with this key at a time");
  add("--retry", options.retry, "N", "Attempts, or a policy as JSON or @FILE");
  add("--durability", options.durability, "KIND",
      "When it is acknowledged: buffered, group or each")
    ->check(CLI::IsMember({"buffered", "group", "each"}));
  add_value(sub, "--tag", options.tags, "TEXT",
            "Word to find it by; may be given more than once")
    ->group("One job")
    ->expected(1)
    ->take_all();
  sub.add_flag("-f,--follow", options.follow, "Show it until it is over")
    ->group("One job");
}

} // namespace

void add_enqueue_command(CLI::App& app, command_context& context) {
  auto [sub, options] = declare(
    app, context,
    {"enqueue",
     "Enqueue one job, or many from a file\n\n"
     "A file has one JSON object a line with the members of the options "
     "below:\ntype, name, config, queue, priority, run_at, expires_at, "
     "unique_key, retry,\ndurability, tags, metadata.",
     "quaero enqueue test_job_generator --config '{\"log_count\":5}' -f\n"
     "quaero enqueue noop --delay 10m --unique-key nightly --tag a --tag b\n"
     "quaero enqueue --lines jobs.jsonl\n"
     "generate | quaero enqueue --lines -",
     "Definitions and runs"},
    enqueue);
  sub.add_option("TYPE", options.type, "Type of the job");
  add_one_options(sub, options);
  auto add_many
    = [&sub](const char* name, auto& to, const char* kind, const char* text) {
        return add_value(sub, name, to, kind, text)->group("Many jobs");
      };
  add_many("--lines", options.lines, "FILE",
           "One JSON object a line; - is standard input");
  add_many("--skip", options.skip, "N", "Lines that are accepted already")
    ->check(CLI::NonNegativeNumber);
  add_value(sub, "--key", options.key, "TEXT",
            "Idempotency key: what was accepted under it is not made again");
}

} // namespace quaero::cli
