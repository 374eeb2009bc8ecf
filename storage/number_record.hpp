#pragma once

#include "storage/codec.hpp"

#include <cstdint>
#include <string_view>

/// Records that are one number.
namespace quaero::storage {

inline void put_number(write_batch& out, std::string_view key, uint64_t x) {
  auto& val = out.begin_put(key);
  put_byte(val, record_version);
  put_varint(val, x);
  out.end_put();
}

inline status read_number(const store& db, std::string_view key,
                          uint64_t& out) {
  return read_record(db, key, [&](std::string_view val) {
    record_reader in{val};
    in.expect(record_version);
    out = in.take_varint();
    return in.done();
  });
}

} // namespace quaero::storage
