#pragma once

#include "definitions/time.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace quaero {

/// A UUID of version 7: its bytes sort by creation. All zero means "none".
struct job_id {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const job_id&) const = default;

  explicit operator bool() const { return *this != job_id{}; }

  /// The 16 bytes, for keys.
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// "0190b6f4-....", or "" for none.
std::string to_string(const job_id& x);

/// Reads the 36-character form, upper or lower case.
/// @returns false, and leaves `out` alone, if `text` is anything else.
bool from_string(std::string_view text, job_id& out);

/// Takes 16 raw bytes. REQUIRES: bytes.size() == 16.
job_id job_id_from_bytes(std::string_view bytes);

/// The millisecond that the id was made in.
timestamp created_at(const job_id& x);

/// Makes ids that never repeat and never go back, even when the clock does.
/// Within one millisecond a counter keeps the order. Any thread may call it.
class id_generator {
public:
  /// @param seed fills the random part; two generators of one installation
  ///             must not share it.
  explicit id_generator(const wall_clock& clock, uint64_t seed);

  job_id next();

  /// From here on every id is greater than `last`, which another generator of
  /// the installation made: a clock that was set back between two starts, or
  /// two starts in one millisecond, do not put new jobs before old ones.
  void continue_after(const job_id& last);

private:
  const wall_clock& clock_;
  std::mutex mutex_;
  uint64_t random_;
  uint64_t last_ms_ = 0;
  uint32_t counter_ = 0;
};

} // namespace quaero

template <>
struct std::hash<quaero::job_id> {
  size_t operator()(const quaero::job_id& x) const noexcept {
    // The tail is a counter and random bits; the head is shared by neighbours.
    uint64_t a = 0;
    uint64_t b = 0;
    for (size_t i = 0; i < 8; ++i) {
      a = a << 8 | x.bytes[i];
      b = b << 8 | x.bytes[i + 8];
    }
    return static_cast<size_t>((a ^ (b * 0x9E3779B97F4A7C15ull))
                               * 0xff51afd7ed558ccdull);
  }
};
