#include "definitions/job_template.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace quaero {

namespace {

std::string text_of(const toml::table& x, std::string_view name) {
  return x[name].value_or(std::string{});
}

std::vector<std::string> tags_of(const toml::table& x) {
  std::vector<std::string> out;
  if (const auto* list = x["tags"].as_array())
    for (const auto& item : *list)
      if (auto tag = item.value<std::string>())
        out.push_back(std::move(*tag));
  return out;
}

} // namespace

std::string read_template(std::string_view text, job_template& out) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return "line " + std::to_string(e.source().begin.line)
           + ": invalid TOML syntax: " + std::string{e.description()};
  }
  out.name = text_of(table, "name");
  out.type = text_of(table, "type");
  out.description = text_of(table, "description");
  out.tags = tags_of(table);
  out.steps.clear();
  const auto* steps = table["step"].as_table();
  if (steps == nullptr || steps->empty())
    return "a template needs a table [step.NAME]";
  // The parser sorts the tables by name.
  std::vector<std::pair<uint32_t, size_t>> order;
  for (const auto& [name, node] : *steps) {
    const auto* one = node.as_table();
    if (one == nullptr)
      return "line " + std::to_string(node.source().begin.line) + ": step."
             + std::string{name.str()} + ": must be a table";
    order.emplace_back(node.source().begin.line, out.steps.size());
    out.steps.emplace_back(std::string{name.str()}, text_of(*one, "type"));
  }
  std::sort(order.begin(), order.end());
  auto unsorted = std::exchange(out.steps, {});
  for (const auto& [line, i] : order)
    out.steps.push_back(std::move(unsorted[i]));
  return {};
}

} // namespace quaero
