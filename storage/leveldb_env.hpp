#pragma once

#include <leveldb/env.h>

#include <mutex>

namespace quaero::storage {

/// Files on which a synced write takes all writes before it along.
///
/// LevelDB does not promise that: when a log is full it begins another one and
/// never syncs the rest of the old one, which only counts until its content is
/// in a table. A synced write into the new log could then survive a loss of
/// power, and one before it could not. Here a log is synced when it is left,
/// once for each write buffer. If that fails, nothing is appended to any log
/// any more.
/// Threads: any.
class ordered_logs final : public leveldb::EnvWrapper {
public:
  explicit ordered_logs(leveldb::Env* target) : EnvWrapper{target} {}

  leveldb::Status NewWritableFile(const std::string& name,
                                  leveldb::WritableFile** out) override;

private:
  class log_file;

  leveldb::Status failed() const {
    std::lock_guard guard{mutex_};
    return failed_;
  }

  mutable std::mutex mutex_;
  leveldb::Status failed_; ///< Of a log that was left. Final.
};

} // namespace quaero::storage
