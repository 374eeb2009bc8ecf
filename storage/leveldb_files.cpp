#include "storage/leveldb_files.hpp"

#include "storage/leveldb_log.hpp"

#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

namespace fs = std::filesystem;

namespace quaero::storage {

namespace {

constexpr uint64_t progress_bytes = 16 * 1024 * 1024;

struct folder {
  std::vector<std::string> logs; ///< Names, sorted.
  std::vector<std::string> tables;
  uint64_t bytes = 0; ///< Of all of them.
};

status list(const std::string& path, folder& out) {
  std::error_code error;
  for (fs::directory_iterator i{path, error}, end; !error && i != end;
       i.increment(error)) {
    const auto extension = i->path().extension();
    if (extension != ".log" && extension != ".ldb" && extension != ".sst")
      continue;
    auto& to = extension == ".log" ? out.logs : out.tables;
    to.push_back(i->path().filename());
    out.bytes += i->file_size(error);
  }
  std::sort(out.logs.begin(), out.logs.end());
  std::sort(out.tables.begin(), out.tables.end());
  if (error && error != std::errc::no_such_file_or_directory)
    return {errc::io_error, path + ": " + error.message()};
  return {};
}

std::string text_of(const log_state& x) {
  auto out = std::to_string(x.bytes - x.sound) + " of its "
             + std::to_string(x.bytes) + " bytes, from byte "
             + std::to_string(x.sound) + " on, ";
  if (x.torn())
    return out + "are the end of a write that was interrupted";
  return out + "begin with damage, and " + std::to_string(x.behind)
         + " whole records follow it";
}

status check_log(const std::string& path, const std::string& file,
                 std::vector<file_fault>& out,
                 const log_record_visitor& f = {}) {
  log_state found;
  auto result = read_leveldb_log(path + "/" + file, found, f);
  if (result.ok() && found.sound < found.bytes)
    out.push_back({file, text_of(found), found.torn()});
  return result;
}

// -- the manifest -------------------------------------------------------------

/// Which files count; others were left by who was killed, and are removed when
/// the database is opened.
struct manifest_facts {
  uint64_t log = 0; ///< The first one that counts; 0: not said.
  std::set<uint64_t> tables;
};

/// Reads the changes that a manifest is made of.
class edit_reader {
public:
  explicit edit_reader(std::string_view in) : in_{in} {}

  /// Applies the change, nothing of it if it cannot be read.
  void apply(manifest_facts& out) {
    while (!in_.empty() && !failed_)
      take_field();
    if (failed_)
      return;
    if (log_ != 0)
      out.log = log_;
    for (auto x : removed_) // First: a table may only change its level.
      out.tables.erase(x);
    out.tables.insert(added_.begin(), added_.end());
  }

private:
  void take_field() {
    switch (number()) {
      case 1: // comparator
        text();
        break;
      case 2: // log
        log_ = number();
        break;
      case 3: // next file
      case 4: // last sequence
      case 9: // log before, of older versions
        number();
        break;
      case 5: // compaction pointer: level, key
        number();
        text();
        break;
      case 6: // table removed: level, number
        number();
        removed_.push_back(number());
        break;
      case 7: // table added: level, number, size, keys
        number();
        added_.push_back(number());
        number();
        text();
        text();
        break;
      default:
        failed_ = true;
    }
  }

  uint64_t number() {
    uint64_t out = 0;
    for (unsigned shift = 0; shift < 64 && !in_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(in_[0]);
      in_.remove_prefix(1);
      out |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80)
        return out;
    }
    failed_ = true;
    return 0;
  }

  void text() {
    const auto size = number();
    failed_ |= size > in_.size();
    in_.remove_prefix(failed_ ? in_.size() : size);
  }

  std::string_view in_;
  bool failed_ = false;
  uint64_t log_ = 0;
  std::vector<uint64_t> removed_;
  std::vector<uint64_t> added_;
};

uint64_t number_of(const std::string& file) {
  return std::strtoull(file.c_str(), nullptr, 10);
}

bool has_log(const folder& x, uint64_t number) {
  return std::any_of(x.logs.begin(), x.logs.end(), [&](const auto& name) {
    return number_of(name) == number;
  });
}

/// Without CURRENT, LevelDB makes a new database and removes all of the old
/// one.
void check_without_current(const std::string& path, const folder& all,
                           std::vector<file_fault>& out) {
  std::error_code ignored;
  const bool written
    = std::any_of(all.logs.begin(), all.logs.end(), [&](const auto& name) {
        return fs::file_size(path + "/" + name, ignored) > 0;
      });
  if (written || !all.tables.empty())
    out.push_back(
      {"CURRENT", "it is missing, and files of a database are there", false});
}

status check_manifest(const std::string& path, const folder& all,
                      manifest_facts& facts, std::vector<file_fault>& out) {
  std::ifstream in{path + "/CURRENT", std::ios::binary};
  if (!in) {
    check_without_current(path, all, out);
    return {};
  }
  std::string name;
  std::getline(in, name);
  if (in.eof() || !name.starts_with("MANIFEST-")
      || !fs::exists(path + "/" + name)) {
    out.push_back(
      {"CURRENT", "it does not name a manifest that is there", false});
    return {};
  }
  auto result = check_log(path, name, out, [&](std::string_view record) {
    edit_reader{record}.apply(facts);
  });
  if (result.ok() && facts.log != 0 && !has_log(all, facts.log)) {
    const auto digits = std::to_string(facts.log);
    const auto zeros = std::string(6 - std::min<size_t>(6, digits.size()), '0');
    out.push_back({zeros + digits + ".log",
                   "it is missing, and " + name + " names it", false});
  }
  return result;
}

status check_logs(const std::string& path, manifest_facts& facts,
                  std::vector<file_fault>& out) {
  folder all;
  auto result = list(path, all);
  if (result.ok())
    result = check_manifest(path, all, facts, out);
  for (const auto& file : all.logs)
    if (result.ok() && number_of(file) >= facts.log)
      result = check_log(path, file, out);
  return result;
}

// -- tables -------------------------------------------------------------------

leveldb::Status read_table(const std::string& path, uint64_t size,
                           uint64_t& entries) {
  leveldb::RandomAccessFile* opened = nullptr;
  auto result = leveldb::Env::Default()->NewRandomAccessFile(path, &opened);
  if (!result.ok())
    return result;
  const std::unique_ptr<leveldb::RandomAccessFile> file{opened};
  leveldb::Options options;
  options.paranoid_checks = true;
  leveldb::Table* made = nullptr;
  result = leveldb::Table::Open(options, file.get(), size, &made);
  if (!result.ok())
    return result;
  const std::unique_ptr<leveldb::Table> table{made};
  leveldb::ReadOptions how;
  how.verify_checksums = true;
  how.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> at{table->NewIterator(how)};
  for (at->SeekToFirst(); at->Valid(); at->Next())
    ++entries;
  return at->status();
}

void check_table(const std::string& path, const std::string& file,
                 uint64_t size, std::vector<file_fault>& out) {
  uint64_t entries = 0;
  const auto result = read_table(path + "/" + file, size, entries);
  if (!result.ok())
    out.push_back({file,
                   result.ToString() + "; " + std::to_string(entries)
                     + " entries of it can be read",
                   false});
}

} // namespace

status try_lock(const std::string& path) {
  auto* env = leveldb::Env::Default();
  leveldb::FileLock* lock = nullptr;
  const auto result = env->LockFile(path + "/LOCK", &lock);
  if (result.ok()) {
    env->UnlockFile(lock);
    return {};
  }
  // LevelDB has no code of its own for a lock that somebody holds.
  if (result.ToString().starts_with("IO error: lock "))
    return {errc::busy,
            "the database in " + path + " is in use by another daemon"};
  return {errc::io_error, result.ToString()};
}

status check_logs(const std::string& path, std::vector<file_fault>& out) {
  manifest_facts ignored;
  return check_logs(path, ignored, out);
}

status check_files(const std::string& path, const file_progress& progress,
                   std::vector<file_fault>& out) {
  folder all;
  auto result = list(path, all);
  manifest_facts facts;
  if (result.ok())
    result = check_logs(path, facts, out);
  uint64_t done = 0;
  uint64_t told = 0;
  for (const auto& file : all.tables) {
    std::error_code error;
    const auto size = fs::file_size(path + "/" + file, error);
    if (!result.ok() || error)
      break;
    if (facts.tables.contains(number_of(file)))
      check_table(path, file, size, out);
    done += size;
    if (done - told >= progress_bytes)
      progress(told = done, all.bytes);
  }
  return result;
}

status cut_log(const std::string& path, const std::string& file) {
  log_state found;
  const auto name = path + "/" + file;
  auto result = read_leveldb_log(name, found);
  if (!result.ok())
    return result;
  if (!found.damaged())
    return {errc::not_found, file + " is not damaged in its middle"};
  std::error_code error;
  fs::copy_file(name, name + ".damaged", error);
  if (!error)
    fs::resize_file(name, found.sound, error);
  if (error)
    return {errc::io_error, name + ": " + error.message()};
  return {};
}

} // namespace quaero::storage
