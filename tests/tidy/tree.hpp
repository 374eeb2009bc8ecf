#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The repository as the tidy tests see it: text files by path.
namespace quaero::tidy {

/// One text file.
struct source_file {
  std::string path; ///< From the root, "actors/queue.hpp".
  std::vector<std::string> lines;

  std::string folder() const; ///< "actors", "" at the root.
  std::string name() const;   ///< "queue.hpp".
  bool is_header() const { return path.ends_with(".hpp"); }
  bool is_source() const { return path.ends_with(".cpp"); }
  bool is_code() const { return is_header() || is_source(); }
  bool is_page() const { return path.ends_with(".md"); }
};

/// Every file by its path. Left out: hidden folders, what builds leave behind
/// ("build*") and a daemon's data ("data") in the root.
using file_tree = std::map<std::string, source_file>;

/// Reads the tree below QUAERO_SOURCE_DIR once.
const file_tree& repository();

/// Every folder that holds a file, sorted.
std::vector<std::string> folders_of(const file_tree& tree);

std::vector<std::string> split_lines(std::string_view text);
std::string join_lines(const std::vector<std::string>& lines);

/// What an include line names, without its quotes or brackets; "" for others.
std::string included(std::string_view line);

/// Whether `word` stands in `line` with no letter, digit or '_' beside it.
bool has_word(std::string_view line, std::string_view word);

/// "actors/queue.hpp:12".
std::string place(const source_file& file, size_t line_index);

} // namespace quaero::tidy
