#pragma once

#include "definitions/value.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quaero::local_dir {

/// The largest values that a step may ask for; each minimum is 1.
struct scan_limits {
  int64_t max_files = 1'000'000;
  int64_t max_file_size = 64 * 1024 * 1024; ///< Bytes.
  int64_t batch_size = 10'000;              ///< Files.
};

/// File name endings that are taken when a step names none.
const std::vector<std::string>& default_extensions();

/// Folders that are left out when a step names none.
const std::vector<std::string>& default_exclude_paths();

/// What a local_dir step is told. The names of the keys are those of the
/// members, with the aliases path and include_extensions.
struct scan_config {
  std::string dir_path; ///< Not empty.
  /// Endings of file names in lower case, each with its dot; "*" is any file.
  std::vector<std::string> extensions = default_extensions();
  /// "name/" leaves out a folder at any depth, any other text every path that
  /// contains it. Paths are relative to dir_path.
  std::vector<std::string> exclude_paths = default_exclude_paths();
  int64_t max_files = 10'000;
  int64_t max_file_size = 1024 * 1024; ///< Bytes; larger files are left out.
  int64_t batch_size = 1000;           ///< Files of one job.
  std::vector<std::string> tags;

  bool operator==(const scan_config&) const = default;
};

struct scan_config_result {
  scan_config config;
  /// One sentence a broken rule: "dir_path is required".
  std::vector<std::string> errors;

  bool ok() const { return errors.empty(); }
};

/// Reads the config of a step. Reports every error; looks at no file. Other
/// keys do not count.
scan_config_result parse_scan_config(const value& x, const scan_limits& limits
                                                     = {});

} // namespace quaero::local_dir
