#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quaero::bench {

/// Where a server listens.
struct http_server {
  std::string host; ///< A name or an IPv4 address.
  std::string port;
};

/// Reads "http://HOST:PORT", with or without the scheme or a slash at the end.
/// @throws std::runtime_error if the text is anything else.
http_server parse_server(std::string_view text);

/// Says what is asked, and looks at what is answered.
class http_load_plan {
public:
  virtual ~http_load_plan() = default;

  /// All bytes of a request, by its number from 0 on; good until it is
  /// answered.
  virtual std::string_view request(uint64_t number) = 0;

  /// Takes the answer to a request. Those of one connection come in their
  /// order.
  /// @throws std::runtime_error if it is wrong, which ends the load.
  virtual void on_answer(uint64_t number, unsigned status,
                         std::string_view body)
    = 0;
};

struct http_load_config {
  http_server server;
  uint32_t connections = 1; ///< > 0
  uint32_t in_flight = 1;   ///< > 0; requests of a connection not yet answered.
  uint64_t requests = 1;    ///< > 0; over all connections.
  /// Requests a second, each at its own moment whatever became of those before,
  /// from which its latency counts; 0: each as soon as there is room for it.
  double rate = 0;
  /// No request starts later.
  std::chrono::duration<double> time = std::chrono::hours{24};
  /// Processor time of the server so far; may be empty.
  std::function<double()> server_cpu_seconds;
};

struct http_load_result {
  uint64_t requests = 0;          ///< Sent and answered.
  double seconds = 0;             ///< From the first byte to the last answer.
  double client_cores = 0;        ///< Busy with the load, in this process.
  double server_cores = 0;        ///< Busy meanwhile, if that can be known.
  std::vector<double> latency_ms; ///< Of each request, sorted.
};

/// So long is that share (0 to 1) of sorted times at most; 0 if there are none.
double time_at(const std::vector<double>& sorted, double share);

/// Sends requests on connections that are kept, and reads the answers. One
/// thread and no copies of requests, so that
/// the server has the rest of the machine.
/// @throws std::runtime_error if the server cannot be reached, cuts a
///         connection, says nothing for too long, or answers without a length.
http_load_result run_load(const http_load_config& how, http_load_plan& plan);

} // namespace quaero::bench
