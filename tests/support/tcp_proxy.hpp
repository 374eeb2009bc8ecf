#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace quaero::test {

/// How a line is, each way.
struct line_quality {
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds jitter{0}; ///< Up to so much more.
  unsigned loss_percent = 0;           ///< Of pieces that are said again
  std::chrono::milliseconds repeat_after{400}; ///< so much later.
};

/// A line that a test can break: passes bytes between whoever connects to it
/// and a port of this machine. One thread of its own; any thread may call its
/// functions.
class tcp_proxy {
public:
  /// @throws boost::system::system_error if it cannot listen.
  explicit tcp_proxy(uint16_t target);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  uint16_t port() const;

  /// While it stalls, connections stay and nothing passes.
  void stall(bool on);

  /// Closes all connections, and new ones at once while it is cut.
  void cut(bool on);

  /// Each piece of at most 64 KiB takes so long on its way. Up to 1 MiB is on
  /// its way at a time.
  void delay(std::chrono::milliseconds x);
  void quality(const line_quality& how);

  /// That were opened so far.
  uint64_t connections() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace quaero::test
