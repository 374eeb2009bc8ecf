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

struct show_options {
  std::string id;
  bool etag = false;
};

struct delete_options {
  std::string id;
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

int show_definition(command_context& context, const show_options& options) {
  bool text = !context.json && !options.etag;
  auto x
    = ask(context, {.target = path_of(options.id) + (text ? "/export" : "")});
  if (!x.ok())
    return x.exit;
  if (options.etag)
    context.to.out << one_line(x.etag) << '\n';
  else
    print_json(context, x);
  return exit_ok;
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

void add_match(http_request& request, const std::string& if_match) {
  if (!if_match.empty())
    request.fields.emplace_back("If-Match", if_match);
}

int apply_definition(command_context& context, const std::string& file,
                     const std::string& if_match) {
  auto text = read_input(context.to, file);
  if (!text)
    return exit_usage;
  auto request = upload_of("/api/job-definitions/upload", *text);
  add_match(request, if_match);
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

int delete_definition(command_context& context, const delete_options& options) {
  http_request request{.method = "DELETE", .target = path_of(options.id)};
  add_match(request, options.if_match);
  auto x = ask(context, request);
  return x.ok() ? print_done(context, x, options.id + " deleted") : x.exit;
}

int reload_definitions(command_context& context) {
  auto x
    = ask(context, json_request("POST", "/api/job-definitions/reload", {}));
  if (!x.ok())
    return x.exit;
  print_done(context, x, text_of(x.json, "message"));
  for (const auto& error : items_of(x.json, "errors"))
    context.to.err << "  "
                   << one_line(error.is_string() ? error.as_string()
                                                 : text_of(error, "message"))
                   << '\n';
  return x.json.get_bool("success").value_or(true) ? exit_ok : exit_failed;
}

CLI::Option* add_files(CLI::App& app, file_options& options) {
  return app
    .add_option("FILE", options.files, "TOML files; - is standard input")
    ->required();
}

void add_match_option(CLI::App& app, std::string& if_match) {
  add_value(app, "--if-match", if_match, "ETAG",
            "Only if it has this ETag still; see show --etag");
}

void add_reading(CLI::App& group, command_context& context) {
  auto [list, listed] = declare(group, context,
                                {"list", "List the definitions",
                                 "quaero definitions list\n"
                                 "quaero definitions list --json"},
                                list_definitions);
  listed.limit = page_rows_max;
  add_list_options(list, listed);
  auto [show, shown] = declare(
    group, context,
    {"show", "Print a definition as TOML", "quaero definitions show handbook"},
    show_definition);
  show.add_option("ID", shown.id, "Id of a definition")->required();
  show.add_flag("--etag", shown.etag,
                "Print what changes with it, for --if-match, and no more");
  auto [exporting, exported]
    = declare(group, context,
              {"export", "Write a definition into a file, as TOML",
               "quaero definitions export notes -o notes.toml"},
              export_definition);
  exporting.add_option("ID", exported.id, "Id of a definition")->required();
  add_value(exporting, "-o,--output", exported.output, "FILE",
            "File to write; - is standard output, the default");
}

} // namespace

void add_definition_commands(CLI::App& app, command_context& context) {
  auto& group = declare_group(app, {"definitions", "Job definitions",
                                    "quaero definitions list\n"
                                    "quaero definitions apply notes.toml",
                                    "Definitions and runs"});
  add_reading(group, context);
  auto [apply, applied]
    = declare(group, context,
              {"apply", "Create or replace definitions",
               "quaero definitions apply notes.toml more.toml\n"
               "quaero definitions apply - < notes.toml"},
              apply_all);
  add_files(apply, applied);
  add_match_option(apply, applied.if_match);
  auto [validate, validated]
    = declare(group, context,
              {"validate", "Check definitions, store nothing",
               "quaero definitions validate *.toml"},
              validate_all);
  add_files(validate, validated);
  auto [removing, removed]
    = declare(group, context,
              {"delete", "Delete a definition; its runs stay",
               "quaero definitions delete notes"},
              delete_definition);
  removing.add_option("ID", removed.id, "Id of a definition")->required();
  add_match_option(removing, removed.if_match);
  declare_plain(group, context,
                {"reload", "Read the daemon's folder of definitions again",
                 "quaero definitions reload"},
                reload_definitions);
}

} // namespace quaero::cli
