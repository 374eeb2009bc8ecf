#pragma once

#include "storage/store.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace quaero::bench {

/// What was written.
struct store_counts {
  uint64_t commits = 0;
  uint64_t synced = 0; ///< Of these.
  uint64_t operations = 0;
  uint64_t bytes = 0; ///< Of the batches.
  double write_s = 0; ///< Spent in the database's write.

  store_counts& operator+=(const store_counts& x);
};

/// What was written, to be written again.
struct recording {
  struct commit {
    storage::write_batch ops;
    bool sync = false;
  };

  std::vector<commit> commits; ///< In their order.
  size_t measured = 0;         ///< From this one on it was measured.
  bool whole = true;           ///< Else it became too large, and is empty.
};

/// Counts and keeps what is written.
/// Threads: as the inner store; the other members by any thread.
class counting_store final : public storage::store {
public:
  /// @param bytes_max of the recording; 0: nothing is recorded.
  counting_store(std::shared_ptr<storage::store> inner, size_t bytes_max);

  /// From here on it is counted. Before, it is recorded only.
  void begin();

  /// From here on it is neither counted nor recorded.
  /// @returns what was counted.
  store_counts end();

  /// What was recorded; moves away.
  recording take_recording();

  /// When the newest write was done.
  std::chrono::steady_clock::time_point last_write() const;

  storage::status write(const storage::write_batch& batch, bool sync) override;
  storage::status read(std::string_view key, std::string& val) const override;
  std::unique_ptr<storage::cursor> scan() const override;
  void compact(std::string_view from, std::string_view to) override;

private:
  void record(const storage::write_batch& batch, bool sync);

  const std::shared_ptr<storage::store> inner_;
  const size_t bytes_max_;
  mutable std::mutex mutex_; // Guards all below.
  bool ended_ = false;
  store_counts counts_;
  size_t recorded_bytes_ = 0;
  recording recorded_;
  std::chrono::steady_clock::time_point last_write_;
};

/// So much of the memory of this machine a recording may take.
size_t recording_bytes_max();

} // namespace quaero::bench
