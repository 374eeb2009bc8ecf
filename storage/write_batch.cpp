#include "storage/codec.hpp"
#include "storage/store.hpp"

#include <cassert>
#include <utility>

namespace quaero::storage {

namespace {

constexpr char remove_mark = 0;
constexpr char put_mark = 1;

} // namespace

void write_batch::put(std::string_view key, std::string_view val) {
  ops_.push_back(put_mark);
  put_string(key);
  put_string(val);
  ++count_;
}

void write_batch::remove(std::string_view key) {
  ops_.push_back(remove_mark);
  put_string(key);
  ++count_;
}

std::string& write_batch::begin_put(std::string_view key) {
  ops_.push_back(put_mark);
  put_string(key);
  // Most values fit a length of one byte; end_put() makes room for more.
  ops_.push_back(0);
  open_ = ops_.size();
  return ops_;
}

void write_batch::end_put() {
  char length[varint_bytes_max];
  size_t bytes = encode_varint(length, ops_.size() - open_);
  ops_[open_ - 1] = length[0];
  if (bytes > 1)
    ops_.insert(open_, length + 1, bytes - 1);
  ++count_;
}

void write_batch::append(const write_batch& other) {
  assert(&other != this);
  ops_.append(other.ops_);
  count_ += other.count_;
}

void write_batch::append(write_batch&& other) {
  if (empty())
    std::swap(*this, other);
  else
    append(std::as_const(other));
  other.clear();
}

void write_batch::clear() {
  ops_.clear();
  count_ = 0;
}

uint8_t write_batch::take_byte(std::string_view& in) {
  auto result = static_cast<uint8_t>(in.front());
  in.remove_prefix(1);
  return result;
}

std::string_view write_batch::take_string(std::string_view& in) {
  uint64_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = take_byte(in);
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      break;
  }
  auto result = in.substr(0, size);
  in.remove_prefix(result.size());
  return result;
}

void write_batch::put_string(std::string_view x) {
  put_varint(ops_, x.size());
  ops_.append(x);
}

} // namespace quaero::storage
