#include "definitions/json.hpp"
#include "programs/cli/declare.hpp"
#include "programs/cli/event_stream.hpp"

namespace quaero::cli {

namespace {

struct event_options {
  bool follow = false;
  std::string run;
  std::string type;
};

// What an event is about, in a few words.
std::string words_of(const value& data) {
  std::string result;
  for (const char* name : {"job_name", "name", "step_name", "status",
                           "step_status", "message", "progress_text", "error"})
    if (auto text = text_of(data, name); !text.empty())
      result += (result.empty() ? "" : "  ") + text;
  return result;
}

std::string id_of(const value& data) {
  for (const char* name : {"job_id", "step_id", "manager_id", "run_id", "id"})
    if (auto text = text_of(data, name); !text.empty())
      return text;
  return "";
}

void print_event(const command_context& context, const stream_event& event) {
  auto& out = context.to.out;
  value data;
  std::string error;
  json_limits limits;
  limits.bytes_max = event_bytes_max;
  bool parsed = parse_json(event.data, data, error, limits);
  if (context.json) {
    print_text(context.to, to_json(value::make_object(
                             {{"id", event.id},
                              {"type", event.type},
                              {"data", parsed ? data : value{event.data}}})));
    out.flush();
    return;
  }
  const auto* payload = data.find("payload");
  const auto& x = payload != nullptr && payload->is_object() ? *payload : data;
  auto type = one_line(event.type);
  type.resize(std::max<size_t>(type.size(), 20), ' ');
  auto line = type + ' ' + one_line(id_of(x)) + "  "
              + one_line(parsed ? words_of(x) : event.data);
  if (auto time = text_of(x, "timestamp"); !time.empty())
    out << paint(context.to, colour::grey, one_line(time)) << ' ';
  out << paint(context.to, status_colour(text_of(x, "status")), line) << '\n';
  out.flush();
}

// Whether a run that is followed has ended by this.
bool ends(const stream_event& event, const std::string& run) {
  value data;
  std::string error;
  return !run.empty() && event.type == "job_status_change"
         && parse_json(event.data, data, error)
         && text_of(data, "job_id") == run && is_over(text_of(data, "status"));
}

int show_events(command_context& context, const event_options& options) {
  stream_options stream{.target = "/api/events", .follow = options.follow};
  add_query(stream.target, "run", options.run);
  add_query(stream.target, "types", options.type);
  if (!options.run.empty())
    add_query(stream.target, "after", "0"); // from its start
  auto code = follow_events(context, stream, [&](const stream_event& event) {
    if (event.type == "ping")
      return true;
    print_event(context, event);
    return !ends(event, options.run);
  });
  if (code == exit_not_found)
    context.to.err << "quaero: the daemon has no such stream, or there is no "
                      "such run\n";
  return code;
}

} // namespace

void add_stream_commands(CLI::App& app, command_context& context) {
  auto [sub, options]
    = declare(app, context,
              {"events",
               "Print what happens\n\n"
               "Of a run everything from its start on. Without --follow it "
               "ends with what\nthere is so far, else with the run. A broken "
               "connection is made again and\ngoes on behind the last event.",
               "quaero events --follow\n"
               "quaero events --run ID --follow --json",
               "The daemon"},
              show_events);
  sub.add_flag("-f,--follow", options.follow,
               "Go on until the run is over, or Ctrl-C");
  add_value(sub, "--run", options.run, "ID", "Only those of this run");
  add_value(sub, "--type", options.type, "LIST", "Only those of these types");
}

} // namespace quaero::cli
