#include "storage/leveldb_store.hpp"

#include "definitions/log.hpp"
#include "storage/leveldb_env.hpp"
#include "storage/leveldb_files.hpp"
#include "storage/leveldb_filter.hpp"
#include "storage/unsynced_disk.hpp"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <filesystem>
#include <vector>

namespace quaero::storage {

namespace {

leveldb::Slice to_slice(std::string_view x) {
  return {x.data(), x.size()};
}

std::string_view to_view(const leveldb::Slice& x) {
  return {x.data(), x.size()};
}

status to_status(const leveldb::Status& x) {
  if (x.ok())
    return {};
  if (x.IsNotFound())
    return {errc::not_found, "no such key"};
  if (x.IsCorruption())
    return {errc::corruption, x.ToString()};
  return {errc::io_error, x.ToString()};
}

/// LevelDB has no code of its own for a lock that somebody holds.
bool is_locked(const leveldb::Status& x) {
  return x.IsIOError() && x.ToString().starts_with("IO error: lock ");
}

leveldb::ReadOptions read_options() {
  leveldb::ReadOptions result;
  result.verify_checksums = true;
  return result;
}

class leveldb_cursor final : public cursor {
public:
  explicit leveldb_cursor(leveldb::Iterator* at) : at_{at} {}

  bool valid() const override { return at_->Valid(); }
  void seek(std::string_view key) override { at_->Seek(to_slice(key)); }

  void seek_back(std::string_view key) override {
    at_->Seek(to_slice(key));
    if (!at_->Valid()) {
      // Past the end; after an error there is nothing to go back to.
      if (at_->status().ok())
        at_->SeekToLast();
    } else if (at_->key() != to_slice(key)) {
      at_->Prev();
    }
  }

  void next() override { at_->Next(); }
  void prev() override { at_->Prev(); }
  std::string_view key() const override { return to_view(at_->key()); }
  std::string_view val() const override { return to_view(at_->value()); }
  status state() const override { return to_status(at_->status()); }

private:
  std::unique_ptr<leveldb::Iterator> at_;
};

class leveldb_store final : public store {
public:
  leveldb_store(const leveldb_options& options, leveldb::Env* env)
    : env_{env}, cache_{leveldb::NewLRUCache(options.block_cache_bytes)},
      filter_{options.bloom_bits_per_key > 0
                ? make_key_filter(options.bloom_bits_per_key)
                : nullptr} {}

  leveldb::Status open(const std::string& path,
                       const leveldb_options& options) {
    leveldb::Options x;
    x.env = &env_;
    x.create_if_missing = true;
    x.write_buffer_size = options.write_buffer_bytes;
    x.max_open_files = options.max_open_files;
    x.block_cache = cache_.get();
    x.filter_policy = filter_.get();
    x.compression = options.compression ? leveldb::kSnappyCompression
                                        : leveldb::kNoCompression;
    leveldb::DB* db = nullptr;
    auto result = leveldb::DB::Open(x, path, &db);
    db_.reset(db);
    return result;
  }

  status write(const write_batch& batch, bool sync) override {
    batch_.Clear();
    batch.visit(
      [this](std::string_view key, std::string_view val) {
        batch_.Put(to_slice(key), to_slice(val));
      },
      [this](std::string_view key) { batch_.Delete(to_slice(key)); });
    leveldb::WriteOptions options;
    options.sync = sync;
    auto result = db_->Write(options, &batch_);
    if (batch_.ApproximateSize() > kept_bytes_max)
      batch_ = leveldb::WriteBatch{};
    return to_status(result);
  }

  status read(std::string_view key, std::string& val) const override {
    return to_status(db_->Get(read_options(), to_slice(key), &val));
  }

  std::unique_ptr<cursor> scan() const override {
    // An iterator of LevelDB sees the state at its making.
    return std::make_unique<leveldb_cursor>(db_->NewIterator(read_options()));
  }

  void compact(std::string_view from, std::string_view to) override {
    auto first = to_slice(from);
    auto last = to_slice(to);
    db_->CompactRange(from.empty() ? nullptr : &first,
                      to.empty() ? nullptr : &last);
  }

  void sort_log() override {
    // Whatever the range, LevelDB begins with what is in memory. Nothing is in
    // this one.
    const leveldb::Slice behind_all{"\xff\xff"};
    db_->CompactRange(&behind_all, &behind_all);
  }

private:
  static constexpr size_t kept_bytes_max = 4 * 1024 * 1024;

  ordered_logs env_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_; // Goes before what it uses.
  leveldb::WriteBatch batch_;       // Of the one writer; keeps its room.
};

status busy(const std::string& path) {
  return {errc::busy,
          "the database in " + path + " is in use by another daemon"};
}

/// LevelDB opens some damaged databases without a word, as if what it cannot
/// read had never been written; and a missing CURRENT makes it remove all.
status look_at_files(const std::string& path, std::vector<file_fault>& out) {
  auto result = try_lock(path); // What is being written looks torn.
  if (result.ok())
    result = check_logs(path, out);
  for (const auto& x : out)
    if (result.ok() && !x.torn)
      result
        = {errc::corruption,
           x.file + ": " + x.what + "; `quaerod verify` says what can be done"};
  return result;
}

} // namespace

status open_leveldb(const std::string& path, const leveldb_options& options,
                    std::unique_ptr<store>& out) {
  return open_leveldb(path, options, leveldb::Env::Default(), out);
}

status open_leveldb(const std::string& path, const leveldb_options& options,
                    leveldb::Env* env, std::unique_ptr<store>& out) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return {errc::io_error,
            "cannot make the directory " + path + ": " + error.message()};
  std::vector<file_fault> faults;
  if (auto looked = look_at_files(path, faults); !looked.ok())
    return looked;
  auto result = std::make_unique<leveldb_store>(options, env);
  auto opened = result->open(path, options);
  if (is_locked(opened))
    return busy(path);
  if (!opened.ok())
    return to_status(opened);
  for (const auto& x : faults)
    log::warn("database.torn_write", {{"file", path + "/" + x.file},
                                      {"what", x.what + "; it is dropped"}});
  out = std::move(result);
  return {};
}

} // namespace quaero::storage
