#include "tests/tidy/documents.hpp"

#include <cctype>
#include <filesystem>
#include <functional>

namespace quaero::tidy {

namespace {

constexpr std::string_view fence = "```";

// Calls `f` for each line outside of code blocks.
void for_each_text_line(
  const source_file& page,
  const std::function<void(const std::string& line, size_t index)>& f) {
  bool in_code = false;
  for (size_t i = 0; i < page.lines.size(); ++i) {
    if (page.lines[i].starts_with(fence))
      in_code = !in_code;
    else if (!in_code)
      f(page.lines[i], i);
  }
}

std::string without_code_spans(std::string line) {
  bool in_code = false;
  for (auto& c : line) {
    if (c == '`')
      in_code = !in_code;
    else if (in_code)
      c = ' ';
  }
  return line;
}

} // namespace

std::vector<page_link> links_of(const source_file& page) {
  std::vector<page_link> out;
  for_each_text_line(page, [&](const std::string& text, size_t index) {
    const auto line = without_code_spans(text);
    for (auto at = line.find("]("); at != std::string::npos;
         at = line.find("](", at + 2)) {
      auto end = line.find(')', at);
      if (end != std::string::npos)
        out.push_back({line.substr(at + 2, end - at - 2), index});
    }
  });
  return out;
}

std::vector<code_block> code_of(const source_file& page) {
  std::vector<code_block> out;
  bool in_code = false;
  for (size_t i = 0; i < page.lines.size(); ++i) {
    const auto& line = page.lines[i];
    if (!line.starts_with(fence)) {
      if (in_code)
        out.back().text += line + '\n';
      continue;
    }
    in_code = !in_code;
    if (in_code)
      out.push_back({line.substr(fence.size()), "", i});
  }
  return out;
}

std::set<std::string> anchors_of(const source_file& page) {
  std::set<std::string> out;
  for_each_text_line(page, [&](const std::string& line, size_t) {
    auto words = line.find_first_not_of('#');
    if (words == 0 || words == std::string::npos || line[words] != ' ')
      return;
    std::string anchor;
    for (unsigned char c : line.substr(words + 1))
      if (std::isalnum(c) != 0 || c == '-' || c == '_' || c >= 0x80)
        anchor += static_cast<char>(std::tolower(c));
      else if (c == ' ')
        anchor += '-';
    out.insert(std::move(anchor));
  });
  return out;
}

std::string resolve(const source_file& page, std::string_view path) {
  auto target = std::filesystem::path{page.folder()} / path;
  return target.lexically_normal().generic_string();
}

bool is_outside(std::string_view target) {
  return target.find("://") != std::string_view::npos
         || target.starts_with("mailto:");
}

} // namespace quaero::tidy
