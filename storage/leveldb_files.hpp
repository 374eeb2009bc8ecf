#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What can be said of the files of a LevelDB database before it is opened.
namespace quaero::storage {

/// Whether somebody has the database open: then `busy`. It may be open again
/// right after. REQUIRES: the folder is there.
status try_lock(const std::string& path);

/// A file that is not as it was written.
struct file_fault {
  std::string file; ///< Its name below the folder.
  std::string what; ///< A sentence.
  /// Only the end of its last write is missing, which nobody was told of: it is
  /// dropped, and the database is sound without.
  bool torn = false;
};

/// Looks at what LevelDB passes over in silence: CURRENT, the manifest and the
/// logs. Reads each log, which is at most twice the write buffer. Nothing is
/// found in a folder without a database.
/// @returns io_error if something cannot be read.
status check_logs(const std::string& path, std::vector<file_fault>& out);

/// Called with the bytes of files that were looked at, and of all.
using file_progress = std::function<void(uint64_t done, uint64_t all)>;

/// The same and every block of every table. REQUIRES: nobody writes.
status check_files(const std::string& path, const file_progress& progress,
                   std::vector<file_fault>& out);

/// Cuts a damaged log before the damage, so that the database can be opened
/// without what follows. The whole file stays, as FILE.damaged.
/// @returns not_found if that log is not damaged.
status cut_log(const std::string& path, const std::string& file);

} // namespace quaero::storage
