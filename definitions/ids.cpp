#include "definitions/ids.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

// Layout after the 48 bits of milliseconds: version (4), counter (12),
// variant (2), counter (20), random (42).
constexpr size_t text_size = 36;
constexpr unsigned counter_low_bits = 20;
constexpr unsigned random_bits = 42;
constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_hyphen_at(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

// SplitMix64: enough to tell generators apart, not meant to be a secret.
uint64_t next_random(uint64_t& state) {
  state += 0x9E3779B97F4A7C15ull;
  auto z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

void put_big_endian(uint64_t x, uint8_t* out) {
  for (int shift = 56; shift >= 0; shift -= 8)
    *out++ = static_cast<uint8_t>(x >> shift);
}

} // namespace

std::string to_string(const job_id& x) {
  std::string result;
  if (!x)
    return result;
  result.reserve(text_size);
  for (auto byte : x.bytes) {
    if (is_hyphen_at(result.size()))
      result += '-';
    result += hex_digits[byte >> 4];
    result += hex_digits[byte & 15];
  }
  return result;
}

bool from_string(std::string_view text, job_id& out) {
  if (text.size() != text_size)
    return false;
  job_id result;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_at(i)) {
      if (text[i] != '-')
        return false;
      continue;
    }
    auto digit = hex_value(text[i]);
    if (digit < 0)
      return false;
    auto& byte = result.bytes[digits++ / 2];
    byte = static_cast<uint8_t>(byte << 4 | digit);
  }
  out = result;
  return true;
}

job_id job_id_from_bytes(std::string_view bytes) {
  job_id result;
  std::copy_n(bytes.begin(), std::min(bytes.size(), result.bytes.size()),
              result.bytes.begin());
  return result;
}

timestamp created_at(const job_id& x) {
  int64_t ms = 0;
  for (size_t i = 0; i < 6; ++i)
    ms = ms << 8 | x.bytes[i];
  return timestamp{std::chrono::milliseconds{ms}};
}

id_generator::id_generator(const wall_clock& clock, uint64_t seed)
  : clock_{clock}, random_{seed} {}

void id_generator::continue_after(const job_id& last) {
  uint64_t head = 0;
  uint64_t tail = 0;
  for (size_t i = 0; i < 8; ++i) {
    head = head << 8 | last.bytes[i];
    tail = tail << 8 | last.bytes[i + 8];
  }
  constexpr uint64_t low_mask = (1ull << counter_low_bits) - 1;
  const auto ms = head >> 16;
  const auto counter = static_cast<uint32_t>(
    (head & 0xfff) << counter_low_bits | (tail >> random_bits & low_mask));
  std::lock_guard guard{mutex_};
  if (std::pair{ms, counter} > std::pair{last_ms_, counter_}) {
    last_ms_ = ms;
    counter_ = counter;
  }
}

job_id id_generator::next() {
  using namespace std::chrono;
  std::lock_guard guard{mutex_};
  auto since_epoch
    = duration_cast<milliseconds>(clock_.now().time_since_epoch()).count();
  auto now_ms = static_cast<uint64_t>(std::max<int64_t>(since_epoch, 0));
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    counter_ = 0;
  } else if (++counter_ == 0) {
    // All counts of this millisecond are used up: borrow from the next.
    ++last_ms_;
  }
  constexpr uint64_t low_mask = (1ull << counter_low_bits) - 1;
  constexpr uint64_t random_mask = (1ull << random_bits) - 1;
  auto head = last_ms_ << 16 | 0x7000u | counter_ >> counter_low_bits;
  auto tail = 1ull << 63 | (counter_ & low_mask) << random_bits
              | (next_random(random_) & random_mask);
  job_id result;
  put_big_endian(head, result.bytes.data());
  put_big_endian(tail, result.bytes.data() + 8);
  return result;
}

} // namespace quaero
