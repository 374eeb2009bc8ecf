#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace quaero::test {

/// What becomes of packets, each way.
struct packet_line_config {
  std::chrono::milliseconds delay{200};
  unsigned loss_percent = 5;
  uint64_t seed = 1;
};

/// Two networks of the kernel's and a line between them that delays and loses
/// IP packets, so that the kernel's TCP meets what it meets between continents.
/// It is what `tc netem` does, for kernels that have none. The process itself
/// is in the near network from then on, and no other process is in either.
class packet_line {
public:
  /// Addresses of the two ends.
  static constexpr const char* near_address = "10.77.0.1";
  static constexpr const char* far_address = "10.77.0.2";

  /// REQUIRES: the process has one thread; it cannot go back.
  /// @returns nothing, and in `why` what was not allowed: it needs to be root,
  ///          or namespaces of users, and /dev/net/tun.
  static std::unique_ptr<packet_line> open(const packet_line_config& how,
                                           std::string& why);
  ~packet_line();

  /// Calls `f`; processes that it starts are in the far network.
  void far(const std::function<void()>& f) const;

  uint64_t passed() const; ///< Packets so far.
  uint64_t lost() const;

private:
  class impl;
  explicit packet_line(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace quaero::test
