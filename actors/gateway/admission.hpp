#pragma once

#include "actors/gateway/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// Refuses requests that a web page of somebody else made. A browser lets any
/// page send requests to this machine; what it cannot forge are Host (so a
/// name that was made to point here is seen), Origin and Sec-Fetch-Site.
/// Pages of the origins that it is told of may do what pages of its own may.
class admission {
public:
  /// @param address what the gateway is bound to. A loopback address takes
  ///                only loopback names, IPs and itself as a Host.
  /// @param origins "https://host:port" each, as a browser sends them.
  explicit admission(std::string address, std::vector<std::string> origins
                                          = {});

  /// @returns 400 or 403 with the reason, or nothing.
  std::optional<http_answer> check(const http_request& request) const;

  /// The answer to a question of a browser whether a page may send a request;
  /// nothing if this is none, or the origin is not one of those told.
  std::optional<http_answer> preflight(const http_request& request) const;

  /// What any answer to the request needs so that the page may read it.
  std::vector<std::pair<std::string, std::string>>
  fields_for(const http_request& request) const;

private:
  bool knows_host(std::string_view name) const;
  bool knows_origin(std::string_view origin) const;

  std::string address_;
  bool only_loopback_;
  std::vector<std::string> origins_;
};

/// The name of "name:port" or "[::1]:port", in lower case, without brackets;
/// "" if `authority` is malformed.
std::string host_name(std::string_view authority);

/// Whether `name`, without brackets, is this machine and no other.
bool is_loopback_name(std::string_view name);

} // namespace quaero
