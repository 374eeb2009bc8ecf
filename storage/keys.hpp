#pragma once

#include "definitions/ids.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace quaero::storage {

/// First byte of a key. Letters are never given to another table.
enum class table : char {
  active = 'a',
  queue_settings = 'b',
  type_slots = 'B',
  children = 'c',
  dead_letters = 'D',
  documents = 'd',
  definitions = 'f',
  run_stream = 'g',
  queue_heads = 'h',
  document_index = 'i',
  job_counts = 'p',
  kv = 'k',
  labels = 'L',
  schedules = 'S',
  log = 'l',
  node_limits = 'N',
  meta = 'm',
  answers = 'o',
  operations = 'z',
  queue = 'q',
  document_sources = 's',
  tokens = 't',
  audit = 'v',
  daemon_stream = 'w',
  job_log = 'x',
  job_postings = 'n',
  credentials = 'y',
  jobs = '~', ///< Behind all others; see docs/storage_format.md.
};

/// "jobs", or nullptr if no table has that letter.
const char* table_name(char letter);

/// A key of parts with fixed widths, without an allocation.
/// REQUIRES: the parts fit 48 bytes.
class fixed_key {
public:
  explicit fixed_key(table x) { bytes_[size_++] = static_cast<char>(x); }

  fixed_key& add(const job_id& x) {
    assert(size_ + x.bytes.size() <= bytes_.size());
    std::memcpy(bytes_.data() + size_, x.bytes.data(), x.bytes.size());
    size_ += x.bytes.size();
    return *this;
  }
  fixed_key& add_byte(uint8_t x) { return add_big_endian<1>(x); }
  fixed_key& add_be32(uint32_t x) { return add_big_endian<4>(x); }
  fixed_key& add_be64(uint64_t x) { return add_big_endian<8>(x); }

  std::string_view view() const { return {bytes_.data(), size_}; }
  operator std::string_view() const { return view(); }

private:
  template <size_t Bytes>
  fixed_key& add_big_endian(uint64_t x) {
    assert(size_ + Bytes <= bytes_.size());
    for (size_t i = Bytes; i > 0; --i)
      bytes_[size_++] = static_cast<char>(x >> (8 * (i - 1)));
    return *this;
  }

  std::array<char, 48> bytes_;
  size_t size_ = 0;
};

/// A job's record, right before its events.
inline fixed_key job_key(const job_id& x) {
  return fixed_key{table::jobs}.add(x);
}

inline fixed_key event_key(const job_id& job, uint32_t n) {
  return job_key(job).add_be32(n);
}

/// What a key of the table of jobs leads to.
enum class job_part : uint8_t { record, event, unknown };

inline job_part part_of(std::string_view job_table_key) {
  constexpr size_t record_bytes = 17;
  constexpr size_t event_bytes = 21;
  switch (job_table_key.size()) {
    case record_bytes:
      return job_part::record;
    case event_bytes:
      return job_part::event;
    default:
      return job_part::unknown;
  }
}

/// A key of a letter and text.
inline std::string text_key(table x, std::string_view text) {
  std::string result(1, static_cast<char>(x));
  result.append(text);
  return result;
}

} // namespace quaero::storage
