#pragma once

#include "storage/store.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace quaero::storage {

struct leveldb_options {
  size_t write_buffer_bytes = 128 * 1024 * 1024; ///< Twice this in memory.
  size_t block_cache_bytes = 64 * 1024 * 1024;
  int bloom_bits_per_key = 10; ///< 0 is no filter.
  int max_open_files = 1000;
  bool compression = true; ///< Snappy.
};

/// Opens the database in the directory `path`, which is made if need be.
/// Checksums are verified on every read. One process at a time, and in it one
/// store: a second one gets `busy`. On errors `out` is left alone.
/// A result other than ok never comes with a changed database.
status open_leveldb(const std::string& path, const leveldb_options& options,
                    std::unique_ptr<store>& out);

} // namespace quaero::storage
