#include "programs/cli/command.hpp"
#include "programs/cli/table.hpp"

namespace quaero::cli {

namespace {

constexpr int list_limit_default = 20;
constexpr int list_limit_max = 500;

struct list_options {
  std::string source_type;
  std::string job;
  int limit = list_limit_default;
};

int list_documents(command_context& context, const list_options& options) {
  auto target = "/api/documents?limit=" + std::to_string(options.limit);
  if (!options.source_type.empty())
    target += "&source_type=" + percent_encode(options.source_type);
  if (!options.job.empty())
    target += "&job_id=" + percent_encode(options.job);
  auto x = ask(context, {.target = target});
  if (!x.ok())
    return x.exit;
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  const auto& documents = items_of(x.json, "documents");
  if (documents.empty()) {
    context.to.err << "There are no such documents.\n";
    return exit_ok;
  }
  table rows{{{.heading = "ID"},
              {.heading = "SOURCE"},
              {.heading = "TITLE", .shrinks = true},
              {.heading = "URL", .shrinks = true},
              {.heading = "UPDATED"}}};
  for (const auto& d : documents)
    rows.add({text_of(d, "id"), text_of(d, "source_type"), text_of(d, "title"),
              text_of(d, "url"), text_of(d, "updated_at")});
  rows.print(context.to);
  auto total = x.json.get_int("total_count").value_or(0);
  if (total > static_cast<int64_t>(documents.size()))
    context.to.err << documents.size() << " of " << total
                   << " documents; see more with --limit\n";
  return exit_ok;
}

int show_document(command_context& context, const std::string& id) {
  auto x = ask(context, {.target = "/api/documents/" + percent_encode(id)});
  if (!x.ok())
    return x.exit;
  if (context.json) {
    print_json(context, x);
    return exit_ok;
  }
  std::string tags;
  for (const auto& tag : items_of(x.json, "tags"))
    if (tag.is_string())
      tags += (tags.empty() ? "" : ", ") + tag.as_string();
  print_fields(context.to, {{"id", text_of(x.json, "id")},
                            {"source", text_of(x.json, "source_type")},
                            {"title", text_of(x.json, "title")},
                            {"url", text_of(x.json, "url")},
                            {"tags", tags},
                            {"updated", text_of(x.json, "updated_at")}});
  context.to.out << '\n';
  // Line by line, so that no page can steer the terminal.
  auto text = text_of(x.json, "content_markdown");
  for (size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    context.to.out << one_line(std::string_view{text}.substr(at, end - at))
                   << '\n';
    at = end + 1;
  }
  return exit_ok;
}

} // namespace

void add_document_commands(CLI::App& app, command_context& context) {
  auto* group = app.add_subcommand("documents", "Collected documents");
  group->require_subcommand(1);
  group->fallthrough();
  auto options = std::make_shared<list_options>();
  auto* list = group->add_subcommand("list", "List documents, newest first")
                 ->fallthrough();
  list->add_option("--source-type", options->source_type,
                   "Only those of this source");
  list->add_option("--job", options->job, "Only those of this job");
  list->add_option("--limit", options->limit, "How many at most")
    ->check(CLI::Range(1, list_limit_max))
    ->capture_default_str();
  list->callback([&context, options] {
    context.action
      = [options](command_context& x) { return list_documents(x, *options); };
  });
  auto id = std::make_shared<std::string>();
  auto* show = group->add_subcommand("show", "Print a document")->fallthrough();
  show->add_option("ID", *id, "Id of a document")->required();
  show->callback([&context, id] {
    context.action = [id](command_context& x) { return show_document(x, *id); };
  });
}

} // namespace quaero::cli
