#include "definitions/time.hpp"
#include "programs/cli/list.hpp"
#include "programs/cli/progress.hpp"
#include "programs/cli/table.hpp"

namespace quaero::cli {

namespace {

struct limit_options {
  std::string name;
  int64_t running = 0;
  int64_t length = 0;
  int64_t key_running = 0;
  int64_t rate = 0;
  std::string period;
  bool has_running = false;
  bool has_length = false;
  bool has_key_running = false;
  bool has_rate = false;
};

std::string queue_path(const std::string& name) {
  return "/api/queues/" + percent_encode(name);
}

std::string oldest_of(const value& x) {
  auto ms = x.get_int("oldest_age_ms");
  return ms ? duration_text(*ms) : "";
}

std::string limit_of(const value& x, const char* name) {
  auto n = x.get_int(name).value_or(0);
  return n > 0 ? count_text(n) : "";
}

int list_queues(command_context& context) {
  static const list_format format{
    .target = "/api/queues",
    .items = "queues",
    .noun = "queues",
    .columns
    = {{.heading = "NAME", .member = "name", .shrinks = true},
       {.heading = "READY", .member = "ready", .right = true},
       {.heading = "DELAYED", .member = "delayed", .right = true},
       {.heading = "RUNNING", .member = "running", .right = true},
       {.heading = "OLDEST", .text = oldest_of, .right = true},
       {.heading = "RUNNING MAX",
        .text = [](const value& x) { return limit_of(x, "running_max"); },
        .right = true},
       {.heading = "LENGTH MAX",
        .text = [](const value& x) { return limit_of(x, "length_max"); },
        .right = true},
       {.heading = "PAUSED",
        .text =
          [](const value& x) {
            return std::string{x.get_bool("paused").value_or(false) ? "yes"
                                                                    : "no"};
          }}},
    .when_empty = "There are no queues: no job waits or runs, and none has "
                  "settings.",
    .page_max = 0};
  return show_list(context, format);
}

int show_queue(command_context& context, const std::string& name) {
  return show_answer(context, queue_path(name), [&](const value& x) {
    print_fields(context.to, flat_fields(x));
  });
}

int change_queue(command_context& context, const std::string& name,
                 const char* verb, const char* done) {
  auto x
    = ask(context, json_request("POST", queue_path(name) + '/' + verb, {}));
  return x.ok() ? print_done(context, x, name + done) : x.exit;
}

int pause_queue(command_context& context, const std::string& name) {
  return change_queue(context, name, "pause",
                      " paused; what runs goes on, nothing new starts");
}

int resume_queue(command_context& context, const std::string& name) {
  return change_queue(context, name, "resume", " resumed");
}

int limit_queue(command_context& context, const limit_options& options) {
  auto limit = [](int64_t n) { return n == 0 ? value{} : value{n}; };
  auto body = value::make_object();
  if (options.has_running)
    body.set("running_max", limit(options.running));
  if (options.has_length)
    body.set("length_max", limit(options.length));
  if (options.has_key_running)
    body.set("key_running_max", limit(options.key_running));
  if (options.has_rate)
    body.set("rate_max", limit(options.rate));
  if (!options.period.empty())
    body.set("rate_period", options.period);
  if (body.as_object().empty()) {
    context.to.err << "quaero: say which limit: --running, --length, "
                      "--key-running, --rate\n";
    return exit_usage;
  }
  auto x = ask(context, json_request("PUT", queue_path(options.name), body));
  return x.ok() ? print_done(context, x, options.name + " changed") : x.exit;
}

void add_limit(CLI::App& group, command_context& context) {
  auto options = std::make_shared<limit_options>();
  auto& sub = declare_command(
    group, {"limit", "Change the limits of a queue, at once and for good",
            "quaero queues limit default --running 50\n"
            "quaero queues limit default --length 100000"});
  sub.add_option("NAME", options->name, "Name of a queue")->required();
  auto* running = add_value(sub, "--running", options->running, "N",
                            "Jobs that run at once; 0 = no limit of its own")
                    ->check(CLI::NonNegativeNumber);
  auto* length = add_value(sub, "--length", options->length, "N",
                           "Jobs that wait or run; 0 = no limit of its own")
                   ->check(CLI::NonNegativeNumber);
  auto* key = add_value(sub, "--key-running", options->key_running, "N",
                        "Jobs at once that share a limit_key; 0 = no limit")
                ->check(CLI::NonNegativeNumber);
  auto* rate = add_value(sub, "--rate", options->rate, "N",
                         "Jobs that start in a period; 0 = no limit")
                 ->check(CLI::NonNegativeNumber);
  add_value(sub, "--period", options->period, "DURATION",
            "Of --rate, like 1s; at most 1h");
  sub.callback([&context, options, running, length, key, rate] {
    options->has_running = running->count() > 0;
    options->has_length = length->count() > 0;
    options->has_key_running = key->count() > 0;
    options->has_rate = rate->count() > 0;
    context.action
      = [options](command_context& x) { return limit_queue(x, *options); };
  });
}

} // namespace

void add_queue_commands(CLI::App& app, command_context& context) {
  auto& group = declare_group(app, {"queues", "What waits, and its limits",
                                    "quaero queues list\n"
                                    "quaero queues pause default",
                                    "Jobs and queues"});
  constexpr const char* what = "Name of a queue";
  declare_plain(group, context,
                {"list", "List the queues", "quaero queues list"}, list_queues);
  declare_with_id(group, context,
                  {"show", "Print one queue", "quaero queues show default"},
                  what, show_queue);
  declare_with_id(
    group, context,
    {"pause", "Start no more jobs of a queue", "quaero queues pause default"},
    what, pause_queue);
  declare_with_id(
    group, context,
    {"resume", "Start jobs of a queue again", "quaero queues resume default"},
    what, resume_queue);
  add_limit(group, context);
}

} // namespace quaero::cli
