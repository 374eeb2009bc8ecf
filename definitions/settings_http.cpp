#include "definitions/settings_http.hpp"

namespace quaero {

namespace {

constexpr uint64_t path_bytes_max = 4096;

std::vector<setting> make_http_limits() {
  using s = settings;
  return {
    {"http.body_bytes_max",
     +[](s& x) { return &x.http.body_bytes_max; },
     "16777216",
     "bytes",
     "Larger bodies of requests are refused.",
     1'024,
     1'073'741'824,
     {}},
    {"http.bodies_bytes_max",
     +[](s& x) { return &x.http.bodies_bytes_max; },
     "268435456",
     "bytes",
     "Bodies of all requests at a time; more are refused until some are done.",
     1'024,
     68'719'476'736,
     {}},
    {"http.header_bytes_max",
     +[](s& x) { return &x.http.header_bytes_max; },
     "16384",
     "bytes",
     "Larger heads of requests are refused.",
     1'024,
     1'048'576,
     {}},
    {"http.headers_max",
     +[](s& x) { return &x.http.headers_max; },
     "100",
     "fields",
     "Heads of requests with more fields are refused.",
     10,
     10'000,
     {}},
    {"http.target_bytes_max",
     +[](s& x) { return &x.http.target_bytes_max; },
     "8192",
     "bytes",
     "Longer paths with their queries are refused.",
     256,
     1'048'576,
     {}},
    {"http.connections_max",
     +[](s& x) { return &x.http.connections_max; },
     "1024",
     "connections",
     "Connections at once; one more is refused.",
     1,
     100'000,
     {}},
    {"http.stream_bytes_max",
     +[](s& x) { return &x.http.stream_bytes_max; },
     "1048576",
     "bytes",
     "What may wait for one slow client of a stream or WebSocket.",
     4'096,
     1'073'741'824,
     {}},
    {"http.message_bytes_max",
     +[](s& x) { return &x.http.message_bytes_max; },
     "65536",
     "bytes",
     "A WebSocket client with a longer message is cut off.",
     1'024,
     16'777'216,
     {}},
  };
}

std::vector<setting> make_http_times() {
  using s = settings;
  return {
    {"http.gzip_bytes_min",
     +[](s& x) { return &x.http.gzip_bytes_min; },
     "4096",
     "bytes",
     "Smallest answer that is sent as gzip to who takes it; 0 = none is.",
     0,
     1'073'741'824,
     {}},
    {"http.idle_timeout",
     +[](s& x) { return &x.http.idle_timeout; },
     "120s",
     "duration",
     "How long a connection without a request is kept.",
     100,
     3'600'000,
     {}},
    {"http.read_timeout",
     +[](s& x) { return &x.http.read_timeout; },
     "30s",
     "duration",
     "Limit for a request to arrive.",
     100,
     3'600'000,
     {}},
    {"http.request_timeout",
     +[](s& x) { return &x.http.request_timeout; },
     "30s",
     "duration",
     "Limit for an answer to be found.",
     100,
     3'600'000,
     {}},
    {"http.write_timeout",
     +[](s& x) { return &x.http.write_timeout; },
     "30s",
     "duration",
     "How long a client may take none of its answer.",
     100,
     3'600'000,
     {}},
    {"http.ping_interval",
     +[](s& x) { return &x.http.ping_interval; },
     "30s",
     "duration",
     "A WebSocket client that is silent for so long is asked whether it lives.",
     100,
     3'600'000,
     {}},
  };
}

std::vector<setting> make_http_access() {
  using s = settings;
  return {
    {"http.cors_origins",
     +[](s& x) { return &x.http.cors_origins; },
     "",
     "origins",
     "Web origins whose pages may use the API, parted by blanks; empty = none.",
     0,
     4096,
     {}},
    {"http.insecure",
     +[](s& x) { return &x.http.insecure; },
     "false",
     "true|false",
     "Whether other machines may be listened to without TLS.",
     0,
     0,
     {}},
  };
}

std::vector<setting> make_tls_table() {
  using s = settings;
  return {
    {"tls.certificate",
     +[](s& x) { return &x.tls.certificate; },
     "",
     "path",
     "PEM file of the certificate that the HTTP API shows; empty = no TLS.",
     0,
     path_bytes_max,
     {}},
    {"tls.key",
     +[](s& x) { return &x.tls.key; },
     "",
     "path",
     "PEM file of the certificate's key, without a password.",
     0,
     path_bytes_max,
     {}},
  };
}

} // namespace

std::vector<setting> make_http_tables() {
  auto rows = make_http_limits();
  for (auto more : {make_http_times(), make_http_access(), make_tls_table()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

} // namespace quaero
