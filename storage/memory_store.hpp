#pragma once

#include "storage/store.hpp"

#include <map>
#include <shared_mutex>
#include <string>

namespace quaero::storage {

/// A store without a disk, for tests. Nothing survives its end; `sync` is
/// ignored. scan() copies the whole table: not for big data.
/// Threads: as any store.
class memory_store final : public store {
public:
  using table_map = std::map<std::string, std::string, std::less<>>;

  status write(const write_batch& batch, bool sync) override;
  status read(std::string_view key, std::string& val) const override;
  std::unique_ptr<cursor> scan() const override;
  void compact(std::string_view from, std::string_view to) override;

  size_t size() const; ///< Keys.

private:
  mutable std::shared_mutex mutex_;
  table_map table_;
};

} // namespace quaero::storage
