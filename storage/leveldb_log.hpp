#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// Reads the files that LevelDB appends to, its logs and manifests, as LevelDB
/// does, and tells what LevelDB passes over in silence.
namespace quaero::storage {

/// How much of a file is as it was written.
struct log_state {
  uint64_t bytes = 0;   ///< Of the file.
  uint64_t sound = 0;   ///< Bytes up to the first that cannot be read.
  uint64_t records = 0; ///< Whole ones, before that.
  uint64_t behind = 0;  ///< Whole ones after it.

  /// The last write was interrupted: nothing whole follows.
  bool torn() const { return sound < bytes && behind == 0; }
  /// Something in the middle is not what was written.
  bool damaged() const { return sound < bytes && behind > 0; }
};

/// Called with each whole record before the first damage.
using log_record_visitor = std::function<void(std::string_view record)>;

/// Looks at all of a file. Memory: its largest record.
/// @returns io_error if it cannot be read.
status read_leveldb_log(const std::string& path, log_state& out,
                        const log_record_visitor& f = {});

} // namespace quaero::storage
