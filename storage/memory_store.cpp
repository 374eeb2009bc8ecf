#include "storage/memory_store.hpp"

#include <utility>

namespace quaero::storage {

/// A walk over what the keys were at one moment.
class memory_store::walk final : public cursor {
public:
  walk(const memory_store& db, uint64_t moment) : db_{db}, moment_{moment} {}

  ~walk() override {
    std::lock_guard guard{db_.cursors_mutex_};
    db_.cursors_.erase(db_.cursors_.find(moment_));
  }

  bool valid() const override { return valid_; }

  void seek(std::string_view key) override {
    std::shared_lock guard{db_.mutex_};
    take_first(db_.table_.lower_bound(key));
  }

  void seek_back(std::string_view key) override {
    std::shared_lock guard{db_.mutex_};
    take_last(db_.table_.upper_bound(key));
  }

  void next() override {
    std::shared_lock guard{db_.mutex_};
    take_first(db_.table_.upper_bound(key_));
  }

  void prev() override {
    std::shared_lock guard{db_.mutex_};
    take_last(db_.table_.lower_bound(key_));
  }

  std::string_view key() const override { return key_; }
  std::string_view val() const override { return val_; }
  status state() const override { return {}; }

private:
  bool take(table_map::const_iterator i) {
    const auto* val = at(i->second, moment_);
    if (val == nullptr)
      return false;
    key_ = i->first;
    val_ = *val;
    valid_ = true;
    return true;
  }

  void take_first(table_map::const_iterator i) {
    valid_ = false;
    while (i != db_.table_.end() && !take(i))
      ++i;
  }

  /// The last one before `i`.
  void take_last(table_map::const_iterator i) {
    valid_ = false;
    while (i != db_.table_.begin())
      if (take(--i))
        return;
  }

  const memory_store& db_;
  const uint64_t moment_;
  bool valid_ = false;
  std::string key_; ///< Copies: the table may change meanwhile.
  std::string val_;
};

const std::string* memory_store::at(const versions& xs, uint64_t moment) {
  for (auto i = xs.rbegin(); i != xs.rend(); ++i)
    if (i->since <= moment)
      return i->val ? &*i->val : nullptr;
  return nullptr;
}

uint64_t memory_store::oldest_moment() const {
  std::lock_guard guard{cursors_mutex_};
  return cursors_.empty() ? moment_ : *cursors_.begin();
}

/// Forgets removed keys that no cursor can see any more.
void memory_store::drop_removed() {
  for (const auto& key : std::exchange(removed_, {}))
    if (auto i = table_.find(key); i != table_.end() && !i->second.back().val)
      table_.erase(i);
}

void memory_store::change(std::string_view key,
                          std::optional<std::string> val) {
  auto i = table_.find(key);
  if (i == table_.end()) {
    if (!val)
      return;
    i = table_.emplace(std::string{key}, versions{}).first;
  }
  auto& xs = i->second;
  const bool was = !xs.empty() && xs.back().val;
  size_ += size_t{val.has_value()};
  size_ -= size_t{was};
  const auto oldest = oldest_moment();
  if (!val)
    removed_.emplace_back(key);
  if (!xs.empty() && xs.back().since == moment_)
    xs.back().val = std::move(val);
  else
    xs.push_back({moment_, std::move(val)});
  // The newest that the oldest cursor sees, and all after it.
  size_t first = xs.size() - 1;
  while (first > 0 && xs[first].since > oldest)
    --first;
  xs.erase(xs.begin(), xs.begin() + static_cast<ptrdiff_t>(first));
}

status memory_store::write(const write_batch& batch, bool) {
  std::unique_lock guard{mutex_};
  ++moment_;
  batch.visit([this](std::string_view key,
                     std::string_view val) { change(key, std::string{val}); },
              [this](std::string_view key) { change(key, std::nullopt); });
  if (oldest_moment() == moment_)
    drop_removed();
  return {};
}

status memory_store::read(std::string_view key, std::string& val) const {
  std::shared_lock guard{mutex_};
  auto i = table_.find(key);
  const auto* found = i == table_.end() ? nullptr : at(i->second, moment_);
  if (found == nullptr)
    return {errc::not_found, "no such key"};
  val = *found;
  return {};
}

std::unique_ptr<cursor> memory_store::scan() const {
  std::shared_lock guard{mutex_};
  {
    std::lock_guard also{cursors_mutex_};
    cursors_.insert(moment_);
  }
  return std::make_unique<walk>(*this, moment_);
}

void memory_store::compact(std::string_view, std::string_view) {
  // Removed keys hold no room.
}

size_t memory_store::size() const {
  std::shared_lock guard{mutex_};
  return size_;
}

} // namespace quaero::storage
