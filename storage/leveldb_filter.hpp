#pragma once

#include <leveldb/filter_policy.h>

#include <memory>

namespace quaero::storage {

/// A Bloom filter for records that are looked up one by one. Tables that are
/// only ever walked have no part in it: most of what is written is in these,
/// and nobody would ask. What was written with another filter is read without
/// one.
/// @param bits_per_key > 0.
std::unique_ptr<const leveldb::FilterPolicy> make_key_filter(int bits_per_key);

} // namespace quaero::storage
