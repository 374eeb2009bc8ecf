#include "programs/cli/list.hpp"
#include "programs/cli/table.hpp"

namespace quaero::cli {

namespace {

constexpr int64_t search_rows_max = 100; // of one answer of the API

struct document_options {
  std::string source_type;
  std::string job;
  std::string tags;
  list_options list;
};

struct search_options {
  std::vector<std::string> words;
  list_options list;
};

const list_column title_column{
  .heading = "TITLE", .member = "title", .shrinks = true};
const list_column url_column{
  .heading = "URL", .member = "url", .shrinks = true};

int list_documents(command_context& context, const document_options& options) {
  list_format format{
    .target = "/api/documents",
    .items = "documents",
    .noun = "documents",
    .columns
    = {{.heading = "ID", .member = "id"},
       {.heading = "SOURCE", .member = "source_type"},
       title_column,
       url_column,
       {.heading = "AGE", .member = "updated_at", .right = true, .age = true}},
    .when_empty = "There are no such documents."};
  add_query(format.target, "source_type", options.source_type);
  add_query(format.target, "job_id", options.job);
  add_query(format.target, "tags", options.tags);
  return show_list(context, format, options.list);
}

int search_documents(command_context& context, const search_options& options) {
  std::string words;
  for (const auto& word : options.words)
    words += (words.empty() ? "" : " ") + word;
  list_format format{
    .target = "/api/search",
    .items = "results",
    .noun = "documents",
    .columns = {{.heading = "ID", .member = "id"},
                title_column,
                {.heading = "TEXT", .member = "brief", .shrinks = true}},
    .when_empty = "Nothing was found. Fewer words find more.",
    .page_max = search_rows_max,
    .when_incomplete
    = "The search stopped at its limit: older documents were not looked at. "
      "Narrow those down instead: quaero documents list --source-type TYPE "
      "--job ID --tags LIST"};
  add_query(format.target, "q", words);
  return show_list(context, format, options.list);
}

int show_document(command_context& context, const std::string& id) {
  return show_answer(
    context, "/api/documents/" + percent_encode(id), [&](const value& x) {
      print_fields(context.to, {{"id", text_of(x, "id")},
                                {"source", text_of(x, "source_type")},
                                {"title", text_of(x, "title")},
                                {"url", text_of(x, "url")},
                                {"tags", list_text(x, "tags")},
                                {"updated", text_of(x, "updated_at")}});
      context.to.out << '\n';
      print_text(context.to, text_of(x, "content_markdown"));
    });
}

int delete_document(command_context& context, const std::string& id) {
  auto x = ask(context, {.method = "DELETE",
                         .target = "/api/documents/" + percent_encode(id)});
  return x.ok() ? print_done(context, x, id + " deleted") : x.exit;
}

int show_document_numbers(command_context& context) {
  return show_answer(context, "/api/documents/stats", [&](const value& x) {
    print_fields(context.to, flat_fields(x));
  });
}

int list_tags(command_context& context) {
  return show_answer(context, "/api/documents/tags", [&](const value& x) {
    for (const auto& tag : items_of(x, "tags"))
      context.to.out << one_line(tag.is_string() ? tag.as_string()
                                                 : text_of(tag, "name"))
                     << '\n';
  });
}

} // namespace

void add_document_commands(CLI::App& app, command_context& context) {
  constexpr const char* heading = "Documents and settings";
  auto& group = declare_group(app, {"documents", "Collected documents",
                                    "quaero documents list\n"
                                    "quaero documents show ID",
                                    heading});
  auto [list, options]
    = declare(group, context,
              {"list", "List documents, the last changed first",
               "quaero documents list\n"
               "quaero documents list --source-type local_dir --tags a,b"},
              list_documents);
  add_value(list, "--source-type", options.source_type, "TYPE",
            "Only those of this source");
  add_value(list, "--job", options.job, "ID", "Only those of this run");
  add_value(list, "--tags", options.tags, "LIST",
            "Only those with all of these tags");
  add_list_options(list, options.list);
  constexpr const char* what = "Id of a document";
  declare_with_id(group, context,
                  {"show", "Print a document", "quaero documents show ID"},
                  what, show_document);
  declare_with_id(group, context,
                  {"delete", "Delete a document", "quaero documents delete ID"},
                  what, delete_document);
  declare_plain(
    group, context,
    {"stats", "Print numbers of all documents", "quaero documents stats"},
    show_document_numbers);
  declare_plain(group, context,
                {"tags", "Print all tags", "quaero documents tags"}, list_tags);
  auto [search, searched]
    = declare(app, context,
              {"search",
               "Find documents by their words\n\n"
               "A + before a word demands it; \"quoted words\" are found as "
               "they stand.",
               "quaero search crash recovery\n"
               "quaero search +queue '\"group commit\"'",
               heading},
              search_documents);
  search.add_option("WORDS", searched.words, "Words to look for")->required();
  add_list_options(search, searched.list);
}

} // namespace quaero::cli
