#pragma once

#include "actors/workers/local_dir/scan_config.hpp"
#include "definitions/document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::local_dir {

/// Bytes at the start of a file in which a zero byte makes it binary.
inline constexpr size_t binary_probe_bytes = 8000;

/// A file that a scan has found.
struct file_entry {
  std::string path; ///< Relative, "/" between folders.
  std::string absolute_path;
  std::string folder;     ///< Of `path`; "" at the top.
  std::string extension;  ///< Lower case with its dot, or "".
  uint64_t file_size = 0; ///< Bytes, when it was found.
  std::string file_type;  ///< See classify().

  bool operator==(const file_entry&) const = default;
};

/// "code:go", "config:yaml", "markup:markdown", "style:css", "script:shell",
/// "data:sql" or "text", by the name of a file.
std::string classify(std::string_view file_name);

struct scan_result {
  std::vector<file_entry> files; ///< By path, the same each time.
  std::string base_path;         ///< Absolute.
  uint64_t total_files_scanned = 0;
  uint64_t excluded_by_path = 0; ///< Files, and folders not gone into.
  uint64_t excluded_by_extension = 0;
  uint64_t excluded_by_size = 0;
  uint64_t excluded_by_binary = 0;
  uint64_t excluded_by_name = 0; ///< Names that are not UTF-8.
  uint64_t links_skipped = 0;    ///< Symbolic links are never followed.
  uint64_t unreadable = 0;       ///< Files and folders.
  bool truncated = false;        ///< There are more than max_files.
  std::string error; ///< Why there was no scan: "directory does not exist: P".

  bool ok() const { return error.empty(); }
};

/// Walks the folder. Errors of single files and folders are counted, no more.
/// Blocks while it reads; any thread may call it.
scan_result scan(const scan_config& config);

/// Bytes of the files of one batch: its documents are one commit.
inline constexpr uint64_t batch_bytes_max = 32 * 1024 * 1024;

/// The files in groups of at most `size`, and of at most `batch_bytes_max`
/// unless one file alone is larger, in their order. REQUIRES: size > 0.
std::vector<std::vector<file_entry>>
make_batches(const std::vector<file_entry>& files, size_t size);

/// For the config of a job, and back. An entry without a path or an absolute
/// path is an error.
value to_value(const file_entry& x);
bool from_value(const value& x, file_entry& out);

struct read_result {
  document doc;
  std::string error; ///< "" if it was read.

  bool ok() const { return error.empty(); }
};

/// Reads one file into a document; malformed UTF-8 is replaced by U+FFFD.
/// Leaves id, jobs, content_hash and times to others. An error if the file is
/// gone, unreadable or by now larger than `size_max` bytes.
read_result read_document(const file_entry& file, const std::string& base_path,
                          const std::vector<std::string>& tags,
                          uint64_t size_max);

} // namespace quaero::local_dir
