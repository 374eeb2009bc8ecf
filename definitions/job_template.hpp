#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quaero {

/// A definition with `{space:key}` parts still to be filled in.
struct job_template {
  std::string id; ///< The file's name without ".toml".
  std::string name;
  std::string type;
  std::string description;
  std::vector<std::string> tags;
  /// Name and worker type, in the order of the file.
  std::vector<std::pair<std::string, std::string>> steps;
};

/// Reads what a list of templates shows. No rule of a definition is checked:
/// they hold once the parts are filled in.
/// @returns "" or what is wrong, with the line.
std::string read_template(std::string_view toml, job_template& out);

} // namespace quaero
