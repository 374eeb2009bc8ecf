#include "programs/cli/input.hpp"
#include "programs/cli/list.hpp"

/// Machines that work, and those that shall.
namespace quaero::cli {

namespace {

constexpr const char* heading = "The daemon";

struct invite_options {
  std::string name;
  std::string workers;
};

// "noop 0/2, crawler_url 3/8": of each type what runs, of its slots.
std::string workers_of(const value& x) {
  const bool away = x.get_bool("connected") == false;
  std::string result;
  for (const auto& worker : items_of(x, "workers"))
    result += (result.empty() ? "" : ", ") + text_of(worker, "type")
              + (away ? std::string{}
                      : ' ' + text_of(worker, "running") + '/'
                          + text_of(worker, "slots"));
  return result;
}

std::string labels_of(const value& x) {
  return list_text(x, "labels");
}

int list_nodes(command_context& context) {
  static const list_format format{
    .target = "/api/nodes",
    .items = "nodes",
    .noun = "nodes",
    .columns
    = {{.heading = "NAME", .member = "name", .shrinks = true},
       {.heading = "STATE", .member = "state"},
       {.heading = "ADDRESS", .member = "address", .shrinks = true},
       {.heading = "VERSION", .member = "version"},
       {.heading = "UP", .member = "started_at", .right = true, .age = true},
       {.heading = "LABELS", .text = labels_of, .shrinks = true},
       {.heading = "WORKERS", .text = workers_of, .shrinks = true}},
    .when_empty = "There are no nodes.",
    .page_max = 0};
  return show_list(context, format);
}

std::string node_path(const std::string& name) {
  return "/api/nodes/" + percent_encode(name);
}

value words_of(const std::string& text) {
  value::array out;
  for (size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    if (end > at)
      out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

int invite(command_context& context, const invite_options& options) {
  auto x = ask(
    context,
    json_request("POST", "/api/nodes/invitations",
                 value::make_object({{"name", options.name},
                                     {"workers", words_of(options.workers)}})));
  if (!x.ok())
    return x.exit;
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  context.to.out << one_line(text_of(x.json, "command")) << '\n';
  context.to.err << "Run it on the other machine. It counts once, until "
                 << one_line(text_of(x.json, "expires_at"))
                 << ". Whoever has it can be that node; take it back with: "
                    "quaero nodes remove "
                 << one_line(options.name) << '\n';
  return exit_ok;
}

int change(command_context& context, const std::string& name, const char* verb,
           const std::string& done) {
  auto x = ask(context, json_request("POST", node_path(name) + '/' + verb, {}));
  return x.ok() ? print_done(context, x, name + done) : x.exit;
}

int drain(command_context& context, const std::string& name) {
  return change(context, name, "drain",
                " drains; what runs there goes on, it gets nothing new");
}

int resume(command_context& context, const std::string& name) {
  return change(context, name, "resume", " resumed");
}

int remove(command_context& context, const std::string& name) {
  auto x = ask(context, {.method = "DELETE", .target = node_path(name)});
  return x.ok()
           ? print_done(context, x, name + " removed; its jobs go to others")
           : x.exit;
}

} // namespace

void add_node_commands(CLI::App& app, command_context& context) {
  auto& nodes = declare_group(app, {"nodes", "Machines that work",
                                    "quaero nodes list\n"
                                    "quaero nodes invite alpha --workers noop",
                                    heading});
  declare_plain(nodes, context, {"list", "List the nodes", "quaero nodes list"},
                list_nodes);
  auto [sub, options]
    = declare(nodes, context,
              {"invite",
               "Print the command that makes another machine a node, once\n\n"
               "The command holds a secret until it was run, or a day is over.",
               "quaero nodes invite alpha --workers local_dir,noop"},
              invite);
  sub.add_option("NAME", options.name, "What the machine will be called")
    ->required();
  add_value(sub, "--workers", options.workers, "TYPES",
            "Worker types that it may run, with commas in between")
    ->required();
  declare_with_id(nodes, context,
                  {"drain", "Give a node no more jobs; what runs goes on",
                   "quaero nodes drain alpha"},
                  "Name of a node", drain);
  declare_with_id(nodes, context,
                  {"resume", "Give it jobs again", "quaero nodes resume alpha"},
                  "Name of a node", resume);
  declare_with_id(nodes, context,
                  {"remove",
                   "Forget a node at once: cut it off, give its jobs to others",
                   "quaero nodes remove alpha"},
                  "Name of a node", remove);
}

} // namespace quaero::cli
