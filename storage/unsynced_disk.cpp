#include "storage/unsynced_disk.hpp"

#include <leveldb/env.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

namespace fs = std::filesystem;

namespace quaero::storage {

namespace {

/// What is known of one file.
struct file_facts {
  uint64_t size = 0;
  uint64_t synced = 0;
  bool named = false; ///< Its name survives.
};

leveldb::Status no_power() {
  return leveldb::Status::IOError("the power is gone");
}

} // namespace

class unsynced_disk::wrapper final : public leveldb::EnvWrapper {
public:
  wrapper() : EnvWrapper{leveldb::Env::Default()} {}

  class file;

  leveldb::Status NewWritableFile(const std::string& name,
                                  leveldb::WritableFile** out) override {
    return open(name, out, false);
  }

  leveldb::Status NewAppendableFile(const std::string& name,
                                    leveldb::WritableFile** out) override {
    return open(name, out, true);
  }

  leveldb::Status RemoveFile(const std::string& name) override {
    std::lock_guard guard{mutex_};
    if (dead_)
      return no_power();
    const auto found = files_.find(name);
    // What was never synced may go at once; the rest waits for a sync.
    if (found == files_.end() || found->second.named)
      keep(name);
    files_.erase(name);
    return target()->RemoveFile(name);
  }

  leveldb::Status RenameFile(const std::string& from,
                             const std::string& to) override {
    std::lock_guard guard{mutex_};
    if (dead_)
      return no_power();
    keep(to);
    auto facts = facts_of(from);
    facts.named = false;
    auto result = target()->RenameFile(from, to);
    if (result.ok()) {
      files_.erase(from);
      files_[to] = facts;
    }
    return result;
  }

  void cut() {
    std::lock_guard guard{mutex_};
    dead_ = true;
  }

  status forget(uint64_t torn_bytes);

  uint64_t unsynced() const {
    std::lock_guard guard{mutex_};
    uint64_t out = 0;
    for (const auto& [name, x] : files_)
      out += x.size - (x.named ? x.synced : 0);
    return out;
  }

private:
  leveldb::Status open(const std::string& name, leveldb::WritableFile** out,
                       bool appends);

  /// REQUIRES: the mutex is held, in this and the next ones.
  file_facts& facts_of(const std::string& name) {
    auto [i, added] = files_.try_emplace(name);
    std::error_code error;
    if (const auto size = fs::file_size(name, error); added && !error)
      i->second = {size, size, true}; // From before.
    return i->second;
  }

  /// The content of a name, until its end is synced.
  void keep(const std::string& name) {
    std::error_code error;
    const auto kept = name + ".kept";
    if (!fs::exists(name, error) || kept_.contains(name))
      return;
    fs::create_hard_link(name, kept, error);
    if (!error)
      kept_[name] = facts_of(name); // Only ever of a name that survives.
  }

  void on_sync(const std::string& name, uint64_t size) {
    auto& x = files_[name];
    x.size = x.synced = size;
    // One journal: with it go all names of the folder.
    for (auto& [other, facts] : files_)
      facts.named |= other == name || facts.synced > 0;
    std::error_code ignored;
    for (const auto& [old, facts] : kept_)
      fs::remove(old + ".kept", ignored);
    kept_.clear();
  }

  mutable std::mutex mutex_; ///< Guards all below.
  bool dead_ = false;
  std::map<std::string, file_facts> files_; ///< By path.
  std::map<std::string, file_facts> kept_;  ///< What a cut brings back.
};

class unsynced_disk::wrapper::file final : public leveldb::WritableFile {
public:
  file(wrapper& disk, std::string name, leveldb::WritableFile* inner)
    : disk_{disk}, name_{std::move(name)}, inner_{inner} {}

  leveldb::Status Append(const leveldb::Slice& data) override {
    std::lock_guard guard{disk_.mutex_};
    if (disk_.dead_)
      return no_power();
    auto result = inner_->Append(data);
    if (result.ok()) // At once: what is cut must be known by its size.
      result = inner_->Flush();
    if (result.ok())
      disk_.files_[name_].size += data.size();
    return result;
  }

  leveldb::Status Close() override { return inner_->Close(); }
  leveldb::Status Flush() override { return {}; }

  leveldb::Status Sync() override {
    std::lock_guard guard{disk_.mutex_};
    if (disk_.dead_)
      return no_power();
    auto result = inner_->Sync();
    if (result.ok())
      disk_.on_sync(name_, disk_.files_[name_].size);
    return result;
  }

private:
  wrapper& disk_;
  std::string name_;
  std::unique_ptr<leveldb::WritableFile> inner_;
};

leveldb::Status unsynced_disk::wrapper::open(const std::string& name,
                                             leveldb::WritableFile** out,
                                             bool appends) {
  std::lock_guard guard{mutex_};
  if (dead_)
    return no_power();
  leveldb::WritableFile* inner = nullptr;
  if (!appends) { // Not into the file that may have to come back.
    keep(name);
    std::error_code ignored;
    fs::remove(name, ignored);
  }
  auto result = appends ? target()->NewAppendableFile(name, &inner)
                        : target()->NewWritableFile(name, &inner);
  if (!result.ok())
    return result;
  if (appends)
    facts_of(name);
  else
    files_[name] = {};
  *out = new file(*this, name, inner);
  return result;
}

status unsynced_disk::wrapper::forget(uint64_t torn_bytes) {
  std::lock_guard guard{mutex_};
  std::error_code error;
  for (const auto& [name, x] : files_) {
    if (!fs::exists(name))
      continue;
    if (!x.named && torn_bytes == 0) {
      fs::remove(name, error);
      continue;
    }
    const auto size = std::min(x.size, x.synced + torn_bytes);
    fs::resize_file(name, size, error);
    if (error)
      return {errc::io_error, name + ": " + error.message()};
  }
  for (const auto& [name, x] : kept_) {
    fs::rename(name + ".kept", name, error);
    if (!error)
      fs::resize_file(name, x.synced, error);
    if (error)
      return {errc::io_error, name + ": " + error.message()};
  }
  files_.clear();
  kept_.clear();
  dead_ = false;
  return {};
}

unsynced_disk::unsynced_disk() : env_{std::make_unique<wrapper>()} {}
unsynced_disk::~unsynced_disk() = default;

leveldb::Env* unsynced_disk::env() {
  return env_.get();
}

void unsynced_disk::cut_power() {
  env_->cut();
}

status unsynced_disk::forget(uint64_t torn_bytes) {
  return env_->forget(torn_bytes);
}

uint64_t unsynced_disk::unsynced_bytes() const {
  return env_->unsynced();
}

} // namespace quaero::storage
