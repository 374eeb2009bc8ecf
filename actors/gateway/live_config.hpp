#pragma once

#include <chrono>
#include <cstddef>

namespace quaero {

/// How live streams behave. All are > 0.
struct live_config {
  size_t clients_max = 256;       ///< WebSockets and streams; one more: 503.
  size_t subscriptions_max = 64;  ///< Of one WebSocket.
  size_t errors_max = 10;         ///< Bad messages of one WebSocket; then 1008.
  size_t notices_max = 64;        ///< Answers that wait for a slow client.
  size_t runs_max = 10'000;       ///< Runs whose progress is remembered.
  size_t held_lines_max = 10'000; ///< Of one log stream, for its next batch.
  /// What happens in between is sent together.
  std::chrono::milliseconds frame_interval{20};
  std::chrono::milliseconds stats_interval{500}; ///< Of job_stats.
  std::chrono::milliseconds spawn_interval{500}; ///< Of job_spawn.
  std::chrono::milliseconds logs_interval{200};  ///< Of a log stream.
  std::chrono::milliseconds status_interval{5'000};
  std::chrono::milliseconds ping_interval{15'000}; ///< Of silent streams.
  std::chrono::milliseconds retry_after{1'000};    ///< Told to clients.
};

} // namespace quaero
