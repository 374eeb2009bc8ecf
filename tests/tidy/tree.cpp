#include "tests/tidy/tree.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace quaero::tidy {

namespace {

namespace fs = std::filesystem;

bool is_left_out(const fs::path& path, const fs::path& root) {
  const auto name = path.filename().string();
  const bool at_root = path.parent_path() == root;
  return name.starts_with('.') || name == "node_modules"
         || (at_root && (name.starts_with("build") || name == "data"));
}

source_file read(const fs::path& path, const fs::path& root) {
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  return {path.lexically_relative(root).generic_string(), split_lines(text)};
}

file_tree read_tree(const fs::path& root) {
  file_tree out;
  for (fs::recursive_directory_iterator i{root}, end; i != end; ++i) {
    if (is_left_out(i->path(), root)) {
      if (i->is_directory())
        i.disable_recursion_pending();
    } else if (i->is_regular_file()) {
      auto file = read(i->path(), root);
      auto path = file.path;
      out.emplace(std::move(path), std::move(file));
    }
  }
  return out;
}

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

} // namespace

std::string source_file::folder() const {
  auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string source_file::name() const {
  return path.substr(path.rfind('/') + 1);
}

const file_tree& repository() {
  static const auto tree = read_tree(fs::path{QUAERO_SOURCE_DIR});
  return tree;
}

std::vector<std::string> folders_of(const file_tree& tree) {
  std::set<std::string> out;
  for (const auto& [path, file] : tree)
    if (auto folder = file.folder(); !folder.empty())
      out.insert(folder);
  return {out.begin(), out.end()};
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines)
    out += line + '\n';
  return out;
}

std::string included(std::string_view line) {
  constexpr std::string_view directive = "#include ";
  if (!line.starts_with(directive))
    return {};
  line.remove_prefix(directive.size());
  auto end = line.find_last_of("\">");
  if (line.empty() || end == 0 || end == std::string_view::npos)
    return {};
  return std::string{line.substr(1, end - 1)};
}

bool has_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool open = at == 0 || !is_word_char(line[at - 1]);
    if (open && (end == line.size() || !is_word_char(line[end])))
      return true;
  }
  return false;
}

std::string place(const source_file& file, size_t line_index) {
  return file.path + ':' + std::to_string(line_index + 1);
}

} // namespace quaero::tidy
