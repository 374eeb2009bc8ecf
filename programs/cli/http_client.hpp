#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace quaero::cli {

inline constexpr size_t response_bytes_max = 64 * 1024 * 1024;
inline constexpr std::chrono::seconds connect_timeout{5};
inline constexpr std::chrono::seconds request_timeout{60};

struct http_request {
  std::string method = "GET";
  std::string target = {}; ///< "/api/jobs?limit=5", already encoded.
  std::string body = {};
  std::string content_type = {}; ///< Of the body.
};

struct http_response {
  int status = 0;      ///< 0 = there was no answer; see `failure`.
  std::string body;    ///< At most response_bytes_max bytes.
  std::string failure; ///< In plain words: "connection refused".

  bool reached() const { return status != 0; }
};

/// Asks one server. Tests put a fake in its place.
class http_transport {
public:
  virtual ~http_transport() = default;
  virtual http_response send(const http_request& request) = 0;

  /// "http://127.0.0.1:8085", without a slash at the end.
  virtual const std::string& server() const = 0;
};

/// Keeps its connection between requests. For one thread.
/// @param server "http://host:port", or "host:port".
/// @param give_up asked now and then while waiting; true ends the request.
std::unique_ptr<http_transport>
make_http_client(std::string server, std::function<bool()> give_up = {});

/// `text` as one segment of a path or one value of a query.
std::string percent_encode(std::string_view text);

} // namespace quaero::cli
