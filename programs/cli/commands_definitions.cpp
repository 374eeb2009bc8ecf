#include "definitions/json.hpp"
#include "programs/cli/command.hpp"
#include "programs/cli/table.hpp"

#include <vector>

namespace quaero::cli {

namespace {

constexpr int list_limit = 500;

std::string path_of(const std::string& id) {
  return "/api/job-definitions/" + percent_encode(id);
}

int list_definitions(command_context& context) {
  auto x = ask(context, {.target = "/api/job-definitions?limit="
                                   + std::to_string(list_limit)});
  if (!x.ok())
    return x.exit;
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  table rows{{{.heading = "ID"},
              {.heading = "NAME", .shrinks = true},
              {.heading = "TYPE"},
              {.heading = "STEPS", .right = true},
              {.heading = "ENABLED"},
              {.heading = "SCHEDULE"}}};
  for (const auto& d : items_of(x.json, "job_definitions"))
    rows.add({text_of(d, "id"), text_of(d, "name"), text_of(d, "type"),
              std::to_string(items_of(d, "steps").size()),
              d.get_bool("enabled").value_or(false) ? "yes" : "no",
              text_of(d, "schedule")});
  if (rows.size() == 0)
    context.to.err << "There are no definitions. Add one with: quaero "
                      "definitions apply FILE\n";
  else
    rows.print(context.to);
  return exit_ok;
}

int show_definition(command_context& context, const std::string& id) {
  auto target = path_of(id) + (context.json ? "" : "/export");
  auto x = ask(context, {.target = target});
  if (x.ok())
    print_json(context, x);
  return x.exit;
}

// A broken definition is no refusal: it is the answer to what was asked.
int outcome_of(const answer& x) {
  return x.status == 400 ? static_cast<int>(exit_failed) : x.exit;
}

void print_errors(const command_context& context, const std::string& file,
                  const value& json) {
  const auto& errors = items_of(json, "errors");
  for (const auto& e : errors) {
    auto line = e.get_int("line").value_or(0);
    auto field = one_line(text_of(e, "field"));
    context.to.err << file << (line > 0 ? ':' + std::to_string(line) : "")
                   << ": " << (field.empty() ? "" : field + ": ")
                   << one_line(text_of(e, "message")) << '\n';
  }
  if (errors.empty())
    context.to.err << file << ": " << one_line(text_of(json, "error")) << '\n';
}

int apply_definition(command_context& context, const std::string& file) {
  auto text = read_input(context.to, file);
  if (!text)
    return exit_usage;
  auto x = ask_quietly(context, {.method = "POST",
                                 .target = "/api/job-definitions/upload",
                                 .body = *text,
                                 .content_type = "application/toml"});
  if (!x.ok()) {
    if (items_of(x.json, "errors").empty())
      report(context, x);
    else
      print_errors(context, file, x.json);
    return outcome_of(x);
  }
  if (context.json)
    print_json(context, x);
  else
    context.to.out << one_line(text_of(x.json, "id"))
                   << (x.status == 201 ? " created" : " updated") << '\n';
  return exit_ok;
}

int validate_definition(command_context& context, const std::string& file) {
  auto text = read_input(context.to, file);
  if (!text)
    return exit_usage;
  auto x = ask_quietly(context, {.method = "POST",
                                 .target = "/api/job-definitions/validate",
                                 .body = *text,
                                 .content_type = "application/toml"});
  bool answered = x.json.get_bool("valid").has_value();
  if (!x.ok() && !answered) {
    report(context, x);
    return outcome_of(x);
  }
  bool valid = x.json.get_bool("valid").value_or(false);
  if (context.json)
    print_json(context, x);
  else if (valid)
    context.to.out << file << ": valid\n";
  else
    print_errors(context, file, x.json);
  return valid ? exit_ok : exit_failed;
}

int delete_definition(command_context& context, const std::string& id) {
  auto x = ask(context, {.method = "DELETE", .target = path_of(id)});
  if (x.ok() && !context.json)
    context.to.out << id << " deleted\n";
  return x.exit;
}

// Every file gets its turn; the first thing that went wrong decides.
template <class F>
int for_each_file(const std::vector<std::string>& files, F f) {
  int result = exit_ok;
  for (const auto& file : files)
    if (int code = f(file); result == exit_ok)
      result = code;
  return result;
}

} // namespace

void add_definition_commands(CLI::App& app, command_context& context) {
  auto* group = app.add_subcommand("definitions", "Job definitions");
  group->require_subcommand(1);
  group->fallthrough();
  auto add = [&](const char* name, const char* text) {
    return group->add_subcommand(name, text)->fallthrough();
  };
  add("list", "List the definitions")->callback([&context] {
    context.action = list_definitions;
  });
  using action = int (*)(command_context&, const std::string&);
  auto with_id = [&](const char* name, const char* text, action f) {
    auto id = std::make_shared<std::string>();
    auto* sub = add(name, text);
    sub->add_option("ID", *id, "Id of a definition")->required();
    sub->callback([&context, id, f] {
      context.action = [id, f](command_context& x) { return f(x, *id); };
    });
  };
  auto with_files = [&](const char* name, const char* text, action f) {
    auto files = std::make_shared<std::vector<std::string>>();
    auto* sub = add(name, text);
    sub->add_option("FILE", *files, "TOML files; - is standard input")
      ->required();
    sub->callback([&context, files, f] {
      context.action = [files, f](command_context& x) {
        return for_each_file(*files,
                             [&](const auto& file) { return f(x, file); });
      };
    });
  };
  with_id("show", "Print a definition as TOML", show_definition);
  with_files("apply", "Create or replace definitions", apply_definition);
  with_files("validate", "Check definitions, store nothing",
             validate_definition);
  with_id("delete", "Delete a definition", delete_definition);
}

} // namespace quaero::cli
