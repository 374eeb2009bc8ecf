#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quaero {

inline constexpr size_t queue_name_bytes_max = 64;
inline constexpr size_t limit_key_bytes_max = 255;
inline constexpr uint64_t queue_rate_max = 100'000;
inline constexpr std::chrono::milliseconds queue_rate_period_max
  = std::chrono::hours{1};

/// Whether a queue may be called that: 1 to 64 letters, digits, `.`, `_`, `-`
/// of ASCII, the first a letter or a digit.
bool is_queue_name(std::string_view text);

/// The same as a sentence, for refusals.
inline constexpr std::string_view queue_name_rule
  = "must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and start with a "
    "letter or a digit";

/// What a user has said about a named queue. It may change at any time.
struct queue_settings {
  bool paused = false;                 ///< No job of it starts.
  std::optional<uint64_t> running_max; ///< >= 1; jobs at a time. None: any.
  std::optional<uint64_t> length_max;  ///< >= 1; jobs that wait or run.
  /// >= 1; jobs at a time that share a limit_key. None: any.
  std::optional<uint64_t> key_running_max;
  std::optional<uint64_t> rate_max; ///< >= 1; starts in `rate_period`.
  std::chrono::milliseconds rate_period = std::chrono::seconds{1};

  bool operator==(const queue_settings&) const = default;
};

} // namespace quaero
