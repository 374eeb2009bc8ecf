#include "storage/leveldb_env.hpp"

#include <memory>
#include <string_view>

namespace quaero::storage {

class ordered_logs::log_file final : public leveldb::WritableFile {
public:
  log_file(ordered_logs& all, leveldb::WritableFile* inner)
    : all_{all}, inner_{inner} {}

  // LevelDB leaves a log without closing it.
  ~log_file() override {
    if (!unsynced_)
      return;
    auto result = inner_->Sync();
    if (result.ok())
      return;
    std::lock_guard guard{all_.mutex_};
    all_.failed_ = result;
  }

  leveldb::Status Append(const leveldb::Slice& data) override {
    if (auto result = all_.failed(); !result.ok())
      return result;
    unsynced_ = true;
    return inner_->Append(data);
  }

  leveldb::Status Close() override { return inner_->Close(); }
  leveldb::Status Flush() override { return inner_->Flush(); }

  leveldb::Status Sync() override {
    if (auto result = all_.failed(); !result.ok())
      return result;
    auto result = inner_->Sync();
    unsynced_ = !result.ok();
    return result;
  }

private:
  ordered_logs& all_;
  std::unique_ptr<leveldb::WritableFile> inner_;
  bool unsynced_ = false;
};

leveldb::Status ordered_logs::NewWritableFile(const std::string& name,
                                              leveldb::WritableFile** out) {
  auto result = target()->NewWritableFile(name, out);
  if (result.ok() && std::string_view{name}.ends_with(".log"))
    *out = new log_file{*this, *out};
  return result;
}

} // namespace quaero::storage
