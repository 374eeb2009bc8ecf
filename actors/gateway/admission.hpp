#pragma once

#include "actors/gateway/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace quaero {

/// Refuses requests that a web page of somebody else made. A browser lets any
/// page send requests to this machine; what it cannot forge are Host (so a
/// name that was made to point here is seen) and Origin.
class admission {
public:
  /// @param address what the gateway is bound to. A loopback address takes
  ///                only loopback names, IPs and itself as a Host.
  explicit admission(std::string address);

  /// @returns 400 or 403 with the reason, or nothing.
  std::optional<http_answer> check(const http_request& request) const;

private:
  bool knows_host(std::string_view name) const;

  std::string address_;
  bool only_loopback_;
};

/// The name of "name:port" or "[::1]:port", in lower case, without brackets;
/// "" if `authority` is malformed.
std::string host_name(std::string_view authority);

} // namespace quaero
