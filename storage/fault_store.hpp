#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quaero::storage {

/// Wraps a store and breaks it on command, always in the same way. For tests.
/// A write that fails changes nothing. Remembers what each write replaced
/// since the last synced one, to take it back.
/// Threads: as any store; the commands may come from any thread.
class fault_store final : public store {
public:
  explicit fault_store(std::unique_ptr<store> inner);

  status write(const write_batch& batch, bool sync) override;
  status read(std::string_view key, std::string& val) const override;
  std::unique_ptr<cursor> scan() const override;
  void compact(std::string_view from, std::string_view to) override;
  void sort_log() override { inner_->sort_log(); }

  /// The `n`-th write from now (1 is the next) fails with `why`.
  void fail_write(uint64_t n, status why);

  /// The `n`-th write from now and all behind it fail with `why`.
  void fail_writes_from(uint64_t n, status why);

  /// Writes fail with io_error when their batches since now would take more
  /// than `bytes` (write_batch::bytes) in all.
  void limit_space(uint64_t bytes);

  /// Ends fail_write(), fail_writes_from() and limit_space().
  void heal();

  /// Takes back what was written since the last synced write, except its first
  /// `keep` batches. Faults stay as they are.
  status power_loss(size_t keep = 0);

  uint64_t writes() const; ///< Calls of write(), failed ones too.
  uint64_t syncs() const;  ///< Writes with `sync` that succeeded.
  size_t unsynced() const; ///< Batches that power_loss() would take back.

private:
  using undo = std::vector<std::pair<std::string, std::optional<std::string>>>;

  status fault(const write_batch& batch);
  status record(const write_batch& batch, undo& out) const;

  std::unique_ptr<store> inner_;
  mutable std::mutex mutex_; // Guards all below.
  uint64_t writes_ = 0;
  uint64_t syncs_ = 0;
  uint64_t fail_first_ = 0; // Number of a write; 0 is none.
  uint64_t fail_last_ = 0;
  status why_;
  std::optional<uint64_t> space_; // Bytes.
  std::deque<undo> unsynced_;     // The oldest batch first.
};

} // namespace quaero::storage
