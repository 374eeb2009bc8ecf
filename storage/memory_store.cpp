#include "storage/memory_store.hpp"

#include <mutex>

namespace quaero::storage {

namespace {

class memory_cursor final : public cursor {
public:
  explicit memory_cursor(memory_store::table_map table)
    : table_{std::move(table)}, at_{table_.end()} {}

  bool valid() const override { return at_ != table_.end(); }
  void seek(std::string_view key) override { at_ = table_.lower_bound(key); }

  void seek_back(std::string_view key) override {
    at_ = table_.upper_bound(key);
    prev();
  }

  void next() override { ++at_; }

  void prev() override {
    if (at_ == table_.begin())
      at_ = table_.end();
    else
      --at_;
  }

  std::string_view key() const override { return at_->first; }
  std::string_view val() const override { return at_->second; }
  status state() const override { return {}; }

private:
  const memory_store::table_map table_;
  memory_store::table_map::const_iterator at_;
};

} // namespace

status memory_store::write(const write_batch& batch, bool) {
  std::unique_lock guard{mutex_};
  batch.visit(
    [this](std::string_view key, std::string_view val) {
      table_.insert_or_assign(std::string{key}, std::string{val});
    },
    [this](std::string_view key) {
      if (auto i = table_.find(key); i != table_.end())
        table_.erase(i);
    });
  return {};
}

status memory_store::read(std::string_view key, std::string& val) const {
  std::shared_lock guard{mutex_};
  auto i = table_.find(key);
  if (i == table_.end())
    return {errc::not_found, "no such key"};
  val = i->second;
  return {};
}

std::unique_ptr<cursor> memory_store::scan() const {
  std::shared_lock guard{mutex_};
  return std::make_unique<memory_cursor>(table_);
}

void memory_store::compact(std::string_view, std::string_view) {
  // Removed keys hold no room.
}

size_t memory_store::size() const {
  std::shared_lock guard{mutex_};
  return table_.size();
}

} // namespace quaero::storage
