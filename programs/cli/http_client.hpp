#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quaero::cli {

inline constexpr size_t response_bytes_max = 64 * 1024 * 1024;
inline constexpr size_t response_fields_max = 100;
inline constexpr std::chrono::seconds connect_timeout{5};
inline constexpr std::chrono::milliseconds request_timeout{60'000};

/// A stream that stays silent for longer is broken: servers send signs of life.
inline constexpr std::chrono::milliseconds stream_silence_max{60'000};

/// Name and text of a field in the head of a message.
using http_field = std::pair<std::string, std::string>;

struct http_request {
  std::string method = "GET";
  std::string target = {}; ///< "/api/jobs?limit=5", already encoded.
  std::string body = {};
  std::string content_type = {}; ///< Of the body.
  std::vector<http_field> fields = {};
  std::chrono::milliseconds timeout = request_timeout; ///< Of send().

  /// Of stream(): ends one that is silent for longer, give or take a second.
  std::chrono::milliseconds silence_max = stream_silence_max;
};

struct http_response {
  int status = 0;      ///< 0 = there was no answer; see `failure`.
  std::string body;    ///< At most response_bytes_max bytes.
  std::string failure; ///< In plain words: "connection refused".
  std::vector<http_field> fields = {}; ///< Names in lower case.
  std::string advice = {}; ///< What to do, unless that is to start the daemon.

  bool reached() const { return status != 0; }

  /// The text of a field, or "". REQUIRES: a name in lower case.
  std::string_view field(std::string_view name) const;
};

/// Gets the next piece of a body; false ends the transfer.
using body_receiver = std::function<bool(std::string_view)>;

/// Asks one server. Tests put a fake in its place.
class http_transport {
public:
  virtual ~http_transport() = default;
  virtual http_response send(const http_request& request) = 0;

  /// Gives the body of a 200 to `take` as it comes, for as long as it comes,
  /// until it is silent for too long. Any other body is in the response.
  /// @returns when the stream has ended; with a `failure` unless by its end or
  ///          by `take`.
  virtual http_response stream(const http_request& request,
                               const body_receiver& take)
    = 0;

  /// "http://127.0.0.1:8085", without a slash at the end.
  virtual const std::string& server() const = 0;
};

struct http_client_config {
  std::string server = {};  ///< "http://host:port", or "host:port".
  std::string token = {};   ///< Sent as a bearer token; "" = none.
  std::string ca_file = {}; ///< Certificates to trust, PEM; "" = the system's.

  /// Asked now and then while waiting; true ends the request.
  std::function<bool()> give_up = {};
};

/// Keeps its connection between requests. For one thread.
std::unique_ptr<http_transport> make_http_client(http_client_config config);

/// `text` as one segment of a path or one value of a query.
std::string percent_encode(std::string_view text);

} // namespace quaero::cli
