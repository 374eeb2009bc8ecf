#include "storage/fault_store.hpp"

#include <limits>

namespace quaero::storage {

fault_store::fault_store(std::unique_ptr<store> inner)
  : inner_{std::move(inner)} {}

status fault_store::write(const write_batch& batch, bool sync) {
  std::lock_guard guard{mutex_};
  if (auto result = fault(batch); !result.ok())
    return result;
  undo before;
  if (auto result = record(batch, before); !result.ok())
    return result;
  auto result = inner_->write(batch, sync);
  if (!result.ok())
    return result;
  if (sync) {
    // One log on disk: what is synced takes all before it along.
    ++syncs_;
    unsynced_.clear();
  } else {
    unsynced_.push_back(std::move(before));
  }
  return {};
}

status fault_store::fault(const write_batch& batch) {
  ++writes_;
  if (writes_ >= fail_first_ && writes_ <= fail_last_)
    return why_;
  if (space_) {
    if (*space_ < batch.bytes())
      return {errc::io_error, "no space left"};
    *space_ -= batch.bytes();
  }
  return {};
}

status fault_store::record(const write_batch& batch, undo& out) const {
  status result;
  auto add = [&](std::string_view key) {
    std::string val;
    auto found = inner_->read(key, val);
    if (found.ok())
      out.emplace_back(key, std::move(val));
    else if (found.code == errc::not_found)
      out.emplace_back(key, std::nullopt);
    else
      result = std::move(found);
  };
  batch.visit([&](std::string_view key, std::string_view) { add(key); }, add);
  return result;
}

status fault_store::read(std::string_view key, std::string& val) const {
  return inner_->read(key, val);
}

std::unique_ptr<cursor> fault_store::scan() const {
  return inner_->scan();
}

void fault_store::compact(std::string_view from, std::string_view to) {
  inner_->compact(from, to);
}

void fault_store::fail_write(uint64_t n, status why) {
  std::lock_guard guard{mutex_};
  fail_first_ = fail_last_ = writes_ + n;
  why_ = std::move(why);
}

void fault_store::fail_writes_from(uint64_t n, status why) {
  std::lock_guard guard{mutex_};
  fail_first_ = writes_ + n;
  fail_last_ = std::numeric_limits<uint64_t>::max();
  why_ = std::move(why);
}

void fault_store::limit_space(uint64_t bytes) {
  std::lock_guard guard{mutex_};
  space_ = bytes;
}

void fault_store::heal() {
  std::lock_guard guard{mutex_};
  fail_first_ = fail_last_ = 0;
  why_ = {};
  space_.reset();
}

status fault_store::power_loss(size_t keep) {
  std::lock_guard guard{mutex_};
  while (unsynced_.size() > keep) {
    // Every entry holds what was there before the batch, so their order does
    // not matter.
    write_batch back;
    for (auto& [key, val] : unsynced_.back()) {
      if (val)
        back.put(key, *val);
      else
        back.remove(key);
    }
    if (auto result = inner_->write(back, false); !result.ok())
      return result;
    unsynced_.pop_back();
  }
  return {};
}

uint64_t fault_store::writes() const {
  std::lock_guard guard{mutex_};
  return writes_;
}

uint64_t fault_store::syncs() const {
  std::lock_guard guard{mutex_};
  return syncs_;
}

size_t fault_store::unsynced() const {
  std::lock_guard guard{mutex_};
  return unsynced_.size();
}

} // namespace quaero::storage
