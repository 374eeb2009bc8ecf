#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

namespace quaero::storage {

/// A store without a disk, for tests. Nothing survives its end; `sync` is
/// ignored. A cursor reads the versions of its moment, which are kept as long
/// as it lives; no table is copied.
/// Threads: as any store.
class memory_store final : public store {
public:
  status write(const write_batch& batch, bool sync) override;
  status read(std::string_view key, std::string& val) const override;
  std::unique_ptr<cursor> scan() const override;
  void compact(std::string_view from, std::string_view to) override;

  size_t size() const; ///< Keys.

private:
  class walk;

  /// What a key was from one write on; nothing: it was removed.
  struct version {
    uint64_t since = 0;
    std::optional<std::string> val;
  };
  using versions = std::vector<version>; ///< The newest last.
  using table_map = std::map<std::string, versions, std::less<>>;

  void change(std::string_view key, std::optional<std::string> val);
  static const std::string* at(const versions& xs, uint64_t moment);
  uint64_t oldest_moment() const;
  void drop_removed();

  mutable std::shared_mutex mutex_; ///< Of all that follows.
  table_map table_;
  uint64_t moment_ = 0; ///< Of the last write.
  size_t size_ = 0;
  std::vector<std::string> removed_; ///< Keys kept for some cursor only.
  mutable std::mutex cursors_mutex_; ///< Locked after `mutex_`, if both are.
  mutable std::multiset<uint64_t> cursors_; ///< Their moments.
};

} // namespace quaero::storage
