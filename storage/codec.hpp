#pragma once

#include "definitions/ids.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/time.hpp"
#include "definitions/value.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The parts that records and keys are made of; docs/storage_format.md has the
/// grammar. Writers append. No function here locks or blocks.
namespace quaero::storage {

inline constexpr size_t varint_bytes_max = 10;

/// Nested arrays and objects of a stored `value`; deeper ones are refused when
/// they are read. Well above what JSON and TOML texts may nest.
inline constexpr size_t value_depth_max = 512;

/// First byte of every record.
inline constexpr uint8_t record_version = 1;

// -- writing ------------------------------------------------------------------

/// 7 bits a byte, the low ones first.
/// @returns how many bytes of `out` are used; there must be varint_bytes_max.
size_t encode_varint(char* out, uint64_t x);

void put_byte(std::string& out, uint8_t x);
void put_varint(std::string& out, uint64_t x);
void put_signed(std::string& out, int64_t x); ///< Small magnitudes are short.
void put_double(std::string& out, double x);  ///< 8 bytes, exact.
void put_string(std::string& out, std::string_view x);
void put_strings(std::string& out, const std::vector<std::string>& x);
void put_id(std::string& out, const job_id& x); ///< 16 bytes.
void put_time(std::string& out, timestamp x);
void put_value(std::string& out, const value& x);
void put_retry(std::string& out, const retry_policy& x);

/// `x` as a distance from `base`: exact for any two moments, short for near
/// ones.
void put_time_from(std::string& out, timestamp base, timestamp x);

/// The millisecond in the head of an id: the base of the times of its record.
/// Unlike created_at() it takes any 16 bytes; what does not fit wraps around.
timestamp id_time(const job_id& x);

// -- reading ------------------------------------------------------------------

/// Takes a record apart. Never reads beyond its end: from the first part that
/// is damaged on, every part is empty and failed() is true.
class record_reader {
public:
  explicit record_reader(std::string_view in) : rest_{in} {}

  uint8_t take_byte();
  uint64_t take_varint();
  /// A varint up to `max`; a greater one is damage.
  uint64_t take_varint(uint64_t max);
  int64_t take_signed();
  double take_double();
  bool take_bool();
  std::string take_string();
  std::vector<std::string> take_strings();
  job_id take_id();
  timestamp take_time();
  timestamp take_time_from(timestamp base);
  value take_value();
  retry_policy take_retry();
  std::string take_rest();
  uint32_t take_be32();
  uint64_t take_be64();

  /// A number of parts that each have a byte or more.
  size_t take_count() { return take_varint(rest_.size()); }

  /// A byte that must be `x`.
  void expect(uint8_t x);

  /// An enumerator of an enum with `count` of them, from 0.
  template <class Enum>
  Enum take_enum(uint8_t count) {
    auto result = take_byte();
    if (result >= count)
      fail();
    return failed_ ? Enum{} : static_cast<Enum>(result);
  }

  void fail();
  bool failed() const { return failed_; }

  /// Whether all was there and nothing is left.
  bool done() const { return !failed_ && rest_.empty(); }

private:
  std::string_view take(size_t bytes);
  value take_value(size_t depth);
  value take_array(size_t depth);
  value take_object(size_t depth);

  std::string_view rest_;
  bool failed_ = false;
};

/// The error for a record that cannot be read: names its table and its key.
status damaged(std::string_view key);

/// Reads one record and takes it apart with `decode(val)`, which returns
/// whether the record is sound.
template <class Decode>
status read_record(const store& db, std::string_view key, Decode&& decode) {
  std::string val;
  auto result = db.read(key, val);
  if (result.ok() && !decode(std::string_view{val}))
    return damaged(key);
  return result;
}

} // namespace quaero::storage
