#include "actors/workers/local_dir/scan_config.hpp"

#include <algorithm>

namespace quaero::local_dir {

namespace {

bool present(const value& x, const char* key) {
  auto* found = x.find(key);
  return found != nullptr && !found->is_null();
}

void read_integer(const value& x, const char* key, int64_t& out, int64_t most,
                  std::vector<std::string>& errors) {
  if (!present(x, key))
    return;
  auto found = x.get_int(key);
  if (found && *found >= 1 && *found <= most)
    out = *found;
  else
    errors.push_back(std::string{key} + " must be an integer from 1 to "
                     + std::to_string(most));
}

void read_strings(const value& x, const char* key,
                  std::vector<std::string>& out,
                  std::vector<std::string>& errors) {
  if (!present(x, key))
    return;
  if (auto found = x.get_strings(key))
    out = std::move(*found);
  else
    errors.push_back(std::string{key} + " must be a list of strings");
}

void read_path(const value& x, scan_config_result& out) {
  auto* key = present(x, "dir_path") ? "dir_path" : "path";
  auto found = x.get_string(key);
  if (present(x, key) && !found)
    out.errors.push_back(std::string{key} + " must be a string");
  else if (!found || found->empty())
    out.errors.emplace_back("dir_path is required");
  else if (found->find('\0') != std::string::npos)
    out.errors.push_back(std::string{key} + " must not hold a zero byte");
  else
    out.config.dir_path = std::move(*found);
}

void normalise_extensions(std::vector<std::string>& list) {
  for (auto& x : list) {
    for (auto& c : x)
      if (c >= 'A' && c <= 'Z')
        c = static_cast<char>(c - 'A' + 'a');
    if (!x.empty() && x != "*" && x.front() != '.')
      x.insert(0, 1, '.');
  }
  std::erase(list, "");
}

} // namespace

const std::vector<std::string>& default_extensions() {
  static const std::vector<std::string> list{
    ".go",         ".ts",   ".tsx",  ".js",    ".jsx",     ".py",
    ".rs",         ".java", ".md",   ".yaml",  ".yml",     ".toml",
    ".json",       ".xml",  ".html", ".css",   ".scss",    ".less",
    ".sh",         ".bash", ".zsh",  ".sql",   ".c",       ".h",
    ".cc",         ".cpp",  ".hpp",  ".cmake", ".graphql", ".dockerfile",
    ".env.example"};
  return list;
}

const std::vector<std::string>& default_exclude_paths() {
  static const std::vector<std::string> list{
    "vendor/",      "node_modules/", ".git/",  "dist/",    "build/",
    "__pycache__/", ".venv/",        "venv/",  ".tox/",    "target/",
    ".gradle/",     ".mvn/",         ".idea/", ".vscode/", ".vs/"};
  return list;
}

scan_config_result parse_scan_config(const value& x,
                                     const scan_limits& limits) {
  scan_config_result result;
  auto& to = result.config;
  auto& errors = result.errors;
  read_path(x, result);
  read_strings(x,
               present(x, "extensions") ? "extensions" : "include_extensions",
               to.extensions, errors);
  normalise_extensions(to.extensions);
  if (to.extensions.empty())
    to.extensions = default_extensions();
  read_strings(x, "exclude_paths", to.exclude_paths, errors);
  std::erase(to.exclude_paths, "");
  read_integer(x, "max_files", to.max_files, limits.max_files, errors);
  read_integer(x, "max_file_size", to.max_file_size, limits.max_file_size,
               errors);
  read_integer(x, "batch_size", to.batch_size, limits.batch_size, errors);
  read_strings(x, "tags", to.tags, errors);
  return result;
}

} // namespace quaero::local_dir
