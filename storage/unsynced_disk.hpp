#pragma once

#include "storage/leveldb_store.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace leveldb {
class Env;
}

namespace quaero::storage {

/// open_leveldb() on other files than the system's. `env` must outlive `out`.
status open_leveldb(const std::string& path, const leveldb_options& options,
                    leveldb::Env* env, std::unique_ptr<store>& out);

/// The real disk below a database, which remembers what was synced and can lose
/// the rest, as a machine does whose power goes. For tests.
///
/// What is synced: the bytes of a file that were there at its last sync. A name
/// is kept from the first sync of its file on, as journaling file systems do; a
/// rename and a removal from the next sync of any file of the folder on. Until
/// then the old name, with the old content, is what a cut leaves.
/// Threads: any.
class unsynced_disk {
public:
  unsynced_disk();
  ~unsynced_disk();

  /// For open_leveldb().
  leveldb::Env* env();

  /// From here on nothing reaches the disk; writes and syncs say that they
  /// failed.
  void cut_power();

  /// Leaves of every file what was synced, and of each file that has more at
  /// most `torn_bytes` of it. Power is back.
  /// REQUIRES: cut_power(), and the store is closed.
  status forget(uint64_t torn_bytes = 0);

  /// Of all files together; what forget(0) would take.
  uint64_t unsynced_bytes() const;

private:
  class wrapper;
  std::unique_ptr<wrapper> env_;
};

} // namespace quaero::storage
