#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quaero::crawler {

using milliseconds = std::chrono::milliseconds;

/// Bytes of all headers of one response.
inline constexpr size_t response_headers_bytes_max = 256 * 1024;

/// What shall be fetched by GET, and how.
struct fetch_request {
  std::string url; ///< http or https.
  /// Sent to the first host only: a redirect to another one goes without.
  std::vector<std::pair<std::string, std::string>> headers;
  /// Media types that a 2xx response may have, lower case ("text/html"); the
  /// body of another one is not taken. Empty: any. A response without a
  /// Content-Type passes.
  std::vector<std::string> accept_types;
  size_t body_max = 10 * 1024 * 1024; ///< Bytes, after decompression.
  milliseconds timeout{30'000};       ///< For one attempt at one URL.
  milliseconds connect_timeout{10'000};
  /// An attempt ends when less than `low_speed_bytes` a second come in for
  /// this long. 0 is never. Counts in whole seconds.
  milliseconds low_speed_time{20'000};
  uint32_t low_speed_bytes = 10;
  milliseconds host_delay{0};    ///< Least time between starts for one host.
  uint32_t host_concurrency = 5; ///< From 1; at the same time for one host.
  uint32_t redirects_max = 10;   ///< 0: a redirect is a plain response.
  /// How often a URL is tried, from 1, when no connection is made, it breaks,
  /// time runs out, or the answer is 429 or 5xx.
  uint32_t attempts = 3;
  milliseconds backoff{1'000};      ///< Before attempt 2; then it doubles.
  milliseconds backoff_max{60'000}; ///< Also caps Retry-After.
  double backoff_jitter = 0.2;      ///< 0 to 1, share of the wait.
};

enum class fetch_error : uint8_t {
  none,
  invalid_url,
  dns,
  connect,
  tls,
  timeout,
  too_large,
  content_type,
  redirect_loop,
  too_many_redirects,
  cancelled,
  other,
};

const char* to_string(fetch_error x);

/// A response, whatever its status, or the reason why there is none.
struct fetch_result {
  fetch_error error = fetch_error::none;
  std::string message;   ///< In plain words; "" without an error.
  int status = 0;        ///< 0 if no response came.
  std::string final_url; ///< Normalised; where the last redirect led.
  std::string content_type;
  /// Names in lower case; values of a repeated header joined by ", ", those of
  /// set-cookie by line ends.
  std::map<std::string, std::string> headers;
  std::string body;
  milliseconds elapsed{0}; ///< Of the last attempt, without waiting.
  uint32_t attempts = 0;   ///< At the last URL; 0 if none was made.
  uint32_t redirects = 0;

  bool ok() const { return error == fetch_error::none; }
};

struct fetcher_settings {
  std::string user_agent = "quaero/0.1";
  /// 1 to 10,000, transfers at the same time; a file descriptor each.
  uint32_t concurrency_max = 64;
  /// Fetches that wait or run; one more ends at once with `other`.
  size_t fetches_max = 100'000;
  std::string proxy;      ///< URL; "" is none, whatever the environment says.
  bool verify_tls = true; ///< false only for tests.
  uint64_t seed = 0;      ///< Of the jitter; 0 takes one from the machine.
};

using fetch_id = uint64_t; ///< Never 0.

/// Runs once on the fetcher's thread. Must not block and not throw; may call
/// fetch() and cancel().
using fetch_callback = std::function<void(fetch_result)>;

/// Fetches many URLs at the same time on one thread of its own. Each function
/// but the destructor may be called by any thread.
class fetcher {
public:
  explicit fetcher(fetcher_settings settings = {});
  fetcher(const fetcher&) = delete;
  fetcher& operator=(const fetcher&) = delete;

  /// Ends every fetch with `cancelled`; returns when all callbacks are done.
  /// REQUIRES: not called by a callback.
  ~fetcher();

  fetch_id fetch(fetch_request request, fetch_callback callback);

  /// Ends a fetch with `cancelled`, unless it ends by itself before.
  void cancel(fetch_id id);

private:
  class loop;
  std::unique_ptr<loop> loop_;
};

/// The wait before attempt `attempt` + 1, before jitter: backoff * 2^(n-1), at
/// most backoff_max. What the server asks for by `retry_after` (seconds or an
/// HTTP date, "" if it asks nothing) comes first, if it is longer; it has the
/// same limit. `now` is in seconds since 1970.
milliseconds retry_wait(const fetch_request& request, uint32_t attempt,
                        const std::string& retry_after, int64_t now);

} // namespace quaero::crawler
