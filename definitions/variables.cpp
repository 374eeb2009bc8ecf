#include "definitions/variables.hpp"

#include "definitions/ascii.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>

namespace quaero {

namespace {

std::string at(const toml::node& x) {
  return "line " + std::to_string(x.source().begin.line) + ": ";
}

} // namespace

std::vector<std::string> read_variables(std::string_view text, variables& out) {
  std::vector<std::string> problems;
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& e) {
    problems.push_back("line " + std::to_string(e.source().begin.line)
                       + ": invalid TOML syntax: "
                       + std::string{e.description()});
    return problems;
  }
  for (const auto& [key, node] : table) {
    const auto name = std::string{key.str()};
    const auto* entry = node.as_table();
    const auto* text_of = entry != nullptr ? entry->get("value") : nullptr;
    if (text_of == nullptr || !text_of->is_string())
      problems.push_back(at(node) + name
                         + ": must be a table with a string named value");
    else
      out.insert_or_assign(to_lower(name), text_of->as_string()->get());
  }
  return problems;
}

} // namespace quaero
