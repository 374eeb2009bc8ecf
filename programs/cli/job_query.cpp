#include "programs/cli/job_query.hpp"

#include "programs/cli/declare.hpp"

#include <algorithm>
#include <cctype>

namespace quaero::cli {

namespace {

bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c != '"' && c != ',' && c != '\\';
  });
}

// Commas part values, as in the query language.
std::string value_text(const std::string& text) {
  if (is_plain(text))
    return text;
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + '"';
}

std::string values_text(const std::string& list) {
  std::string result;
  for (size_t at = 0; at <= list.size();) {
    auto end = std::min(list.find(',', at), list.size());
    if (end > at)
      result
        += (result.empty() ? "" : ",") + value_text(list.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

} // namespace

void add_query_options(CLI::App& app, job_query& query) {
  add_value(app, "-q,--query", query.text, "QUERY",
            "Which jobs, for example 'state:failed type:crawler_url age<2d'");
  add_value(app, "--status", query.status, "LIST", "Short for state:LIST");
  add_value(app, "--definition", query.definition, "LIST",
            "Short for definition:LIST");
  add_value(app, "--type", query.type, "LIST", "Short for type:LIST");
  add_value(app, "--tag", query.tag, "LIST", "Short for tag:LIST");
  add_value(app, "--queue", query.queue, "LIST", "Short for queue:LIST");
  add_value(app, "--parent", query.parent, "ID", "Short for parent:ID");
}

std::string to_query(const job_query& x) {
  auto result = x.text;
  auto add = [&result](const char* key, const std::string& list) {
    auto text = values_text(list);
    if (!text.empty())
      result += (result.empty() ? "" : " ") + std::string{key} + text;
  };
  add("state:", x.status);
  add("definition:", x.definition);
  add("type:", x.type);
  add("tag:", x.tag);
  add("queue:", x.queue);
  add("parent:", x.parent);
  return result;
}

} // namespace quaero::cli
