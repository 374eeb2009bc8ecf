#pragma once

#include "storage/store.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace quaero::sim {

/// Shows every write that has succeeded, while the database is as that write
/// left it: a crash may come behind each of them.
/// Threads: as the inner store; the watcher is called by who writes.
class watched_store final : public storage::store {
public:
  using watcher = std::function<void(const storage::write_batch&, bool sync)>;

  explicit watched_store(std::unique_ptr<storage::store> inner)
    : inner_{std::move(inner)} {}

  storage::status write(const storage::write_batch& batch, bool sync) override {
    auto result = inner_->write(batch, sync);
    if (result.ok() && watch)
      watch(batch, sync);
    return result;
  }

  storage::status read(std::string_view key, std::string& val) const override {
    return inner_->read(key, val);
  }

  std::unique_ptr<storage::cursor> scan() const override {
    return inner_->scan();
  }

  void compact(std::string_view from, std::string_view to) override {
    inner_->compact(from, to);
  }

  watcher watch; ///< May be empty.

private:
  std::unique_ptr<storage::store> inner_;
};

} // namespace quaero::sim
