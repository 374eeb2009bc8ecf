#include "programs/cli/input.hpp"
#include "programs/cli/list.hpp"

#include <fstream>
#include <vector>

namespace quaero::cli {

namespace {

struct file_options {
  std::vector<std::string> files;
  std::string if_match;
};

struct export_options {
  std::string id;
  std::string output;
};

std::string path_of(const std::string& id) {
  return "/api/job-definitions/" + percent_encode(id);
}

int list_definitions(command_context& context, const list_options& options) {
  static const list_format format{
    .target = "/api/job-definitions",
    .items = "job_definitions",
    .noun = "definitions",
    .columns = {{.heading = "ID", .member = "id"},
                {.heading = "NAME", .member = "name", .shrinks = true},
                {.heading = "TYPE", .member = "type"},
                {.heading = "STEPS",
                 .text =
                   [](const value& x) {
                     return std::to_string(items_of(x, "steps").size());
                   },
                 .right = true},
                {.heading = "ENABLED",
                 .text =
                   [](const value& x) {
                     bool on = x.get_bool("enabled").value_or(false);
                     return std::string{on ? "yes" : "no"};
                   }},
                {.heading = "SCHEDULE", .member = "schedule"}},
    .when_empty = "There are no definitions. Add one with: quaero definitions "
                  "apply FILE"};
  return show_list(context, format, options);
}

int show_definition(command_context& context, const std::string& id) {
  auto target = path_of(id) + (context.json ? "" : "/export");
  auto x = ask(context, {.target = target});
  if (x.ok())
    print_json(context, x);
  return x.exit;
}

int export_definition(command_context& context, const export_options& options) {
  auto x = ask(context, {.target = path_of(options.id) + "/export"});
  if (!x.ok())
    return x.exit;
  if (options.output.empty() || options.output == "-") {
    print_text(context.to, x.text);
    return exit_ok;
  }
  std::ofstream file{options.output, std::ios::binary};
  file << x.text << std::flush;
  if (file.good()) {
    context.to.err << options.output << " written\n";
    return exit_ok;
  }
  context.to.err << "quaero: cannot write " << options.output << '\n';
  return exit_usage;
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

http_request upload_of(std::string target, std::string text) {
  return {.method = "POST",
          .target = std::move(target),
          .body = std::move(text),
          .content_type = "application/toml"};
}

int apply_definition(command_context& context, const std::string& file,
                     const std::string& if_match) {
  auto text = read_input(context.to, file);
  if (!text)
    return exit_usage;
  auto request = upload_of("/api/job-definitions/upload", *text);
  if (!if_match.empty())
    request.fields.emplace_back("If-Match", if_match);
  auto x = ask_quietly(context, request);
  if (!x.ok()) {
    if (items_of(x.json, "errors").empty())
      report(context, x);
    else
      print_errors(context, file, x.json);
    return outcome_of(x);
  }
  return print_done(context, x,
                    text_of(x.json, "id")
                      + (x.status == 201 ? " created" : " updated"));
}

int validate_definition(command_context& context, const std::string& file) {
  auto text = read_input(context.to, file);
  if (!text)
    return exit_usage;
  auto x
    = ask_quietly(context, upload_of("/api/job-definitions/validate", *text));
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

int apply_all(command_context& context, const file_options& options) {
  return for_each_in_turn(options.files, [&](const auto& file) {
    return apply_definition(context, file, options.if_match);
  });
}

int validate_all(command_context& context, const file_options& options) {
  return for_each_in_turn(options.files, [&](const auto& file) {
    return validate_definition(context, file);
  });
}

int delete_definition(command_context& context, const std::string& id) {
  auto x = ask(context, {.method = "DELETE", .target = path_of(id)});
  return x.ok() ? print_done(context, x, id + " deleted") : x.exit;
}

int reload_definitions(command_context& context) {
  auto x
    = ask(context, json_request("POST", "/api/job-definitions/reload", {}));
  if (!x.ok())
    return x.exit;
  return print_done(context, x,
                    text_of(x.json, "loaded") + " definitions loaded");
}

CLI::Option* add_files(CLI::App& app, file_options& options) {
  return app
    .add_option("FILE", options.files, "TOML files; - is standard input")
    ->required();
}

} // namespace

void add_definition_commands(CLI::App& app, command_context& context) {
  auto& group = declare_group(app, {"definitions", "Job definitions",
                                    "quaero definitions list\n"
                                    "quaero definitions apply notes.toml",
                                    "Definitions and runs"});
  auto [list, shown] = declare(group, context,
                               {"list", "List the definitions",
                                "quaero definitions list\n"
                                "quaero definitions list --json"},
                               list_definitions);
  shown.limit = page_rows_max;
  add_list_options(list, shown);
  declare_with_id(
    group, context,
    {"show", "Print a definition as TOML", "quaero definitions show handbook"},
    "Id of a definition", show_definition);
  auto [apply, applied]
    = declare(group, context,
              {"apply", "Create or replace definitions",
               "quaero definitions apply notes.toml more.toml\n"
               "quaero definitions apply - < notes.toml"},
              apply_all);
  add_files(apply, applied);
  apply
    .add_option("--if-match", applied.if_match,
                "Replace only what has this ETag still")
    ->type_name("ETAG");
  auto [validate, validated]
    = declare(group, context,
              {"validate", "Check definitions, store nothing",
               "quaero definitions validate *.toml"},
              validate_all);
  add_files(validate, validated);
  declare_with_id(group, context,
                  {"delete", "Delete a definition; its runs stay",
                   "quaero definitions delete notes"},
                  "Id of a definition", delete_definition);
  auto [exporting, exported]
    = declare(group, context,
              {"export", "Write a definition into a file, as TOML",
               "quaero definitions export notes -o notes.toml"},
              export_definition);
  exporting.add_option("ID", exported.id, "Id of a definition")->required();
  exporting
    .add_option("-o,--output", exported.output,
                "File to write; - is standard output, the default")
    ->type_name("FILE");
  declare_plain(group, context,
                {"reload", "Read the daemon's folder of definitions again",
                 "quaero definitions reload"},
                reload_definitions);
}

} // namespace quaero::cli
