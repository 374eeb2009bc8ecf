#pragma once

#include "actors/access_actors.hpp"
#include "actors/answer_actors.hpp"
#include "actors/catalog_actors.hpp"
#include "actors/gateway/address_watch.hpp"
#include "actors/gateway/live_config.hpp"
#include "actors/metrics.hpp"
#include "actors/node_admin_actors.hpp"
#include "definitions/job_request.hpp"
#include "definitions/secrets.hpp"
#include "definitions/value.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quaero {

/// How the gateway listens and what it tolerates. All limits are > 0.
struct gateway_config {
  std::string address = "127.0.0.1"; ///< An IP address, or "localhost".
  uint16_t port = 8085;              ///< 0: any that is free.
  std::string docs_dir;              ///< Markdown pages to serve; "" is none.
  std::string version = "0.1.0";
  std::string build = "unknown";
  std::string git_commit = "unknown";
  /// What the QUEUE calls this machine; "" is any that is no node.
  std::string node;
  /// What GET /api/config shows; no secrets.
  value settings = value::make_object();
  /// Whether a placeholder's key exists and is secret; null: no key does. Any
  /// thread.
  key_lookup keys;
  /// Has the daemon stop; null: it cannot be asked to. Must not block.
  std::function<void()> on_shutdown;

  /// PEM files; both or none. With them the gateway speaks TLS only.
  std::string tls_certificate;
  std::string tls_key;
  /// Origins whose pages may use the API, "https://host:port" each.
  std::vector<std::string> cors_origins;
  /// Listens for other machines without TLS, too.
  bool insecure = false;
  /// Hash of the token of this machine's command line.
  std::optional<digest> local_token;
  address_limits addresses;
  metrics_ptr meter; ///< Made by the gateway if there is none.
  const wall_clock* clock = &system_wall_clock();

  size_t body_bytes_max = 16 * 1024 * 1024; ///< More is answered 413.
  /// Bodies of all requests that are read or answered; more is answered 503.
  size_t bodies_bytes_max = 256 * 1024 * 1024;
  /// Request line and header fields together; more is answered 431.
  size_t header_bytes_max = 16 * 1024;
  size_t target_bytes_max = 8 * 1024; ///< More is answered 414.
  size_t headers_max = 100; ///< Fields of a head; more is answered 431.
  /// Connections served at a time; one more is answered 503 and closed.
  size_t connections_max = 1024;

  /// What may wait to be sent of one stream or WebSocket.
  size_t stream_bytes_max = 1024 * 1024;
  /// One message of a WebSocket client; more closes it with 1009.
  size_t message_bytes_max = 64 * 1024;
  /// Types that POST /api/jobs takes, sorted.
  std::vector<std::string> job_types;
  job_request_limits jobs; ///< Of one request for jobs.
  /// Of jobs that do not say it themselves.
  durability submit_durability = durability::group;

  /// Answers of text from this size on are sent as gzip to who takes that; 0:
  /// none is.
  size_t gzip_bytes_min = 4 * 1024;

  /// For TLS to begin; then the connection is closed.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
  /// A kept connection without a request is closed.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{120};
  /// From the first byte of a request to its last; then 408.
  std::chrono::milliseconds read_timeout = std::chrono::seconds{30};
  /// For the actors to answer; then 504.
  std::chrono::milliseconds request_timeout = std::chrono::seconds{30};
  /// For the client to take an answer; then the connection is closed.
  std::chrono::milliseconds write_timeout = std::chrono::seconds{30};
  /// A WebSocket client that is silent for so long is pinged; one that is
  /// silent for twice as long is cut.
  std::chrono::milliseconds ping_interval = std::chrono::seconds{30};
  /// For answers in flight when the gateway stops.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds{5};

  live_config live;
};

/// Whom the gateway asks. None may be null but the last one.
struct gateway_actors {
  dispatcher_actor dispatcher;
  job_manager_actor job_manager;
  step_manager_actor step_manager;
  queue_actor queue;
  reader_actor reader;
  log_collector_actor log_collector;
  document_store_actor document_store;
  reader_actor searcher; ///< A READER for what takes long.
  key_store_actor key_store;
  credential_store_actor credential_store;
  catalog_actor catalog;
  event_hub_actor hub; ///< Null: there are no live streams.
  token_store_actor tokens;
  audit_log_actor audit;
  status_actor census;
  status_actor store;
  answer_store_actor answers;
  operations_actor operations;
  scheduler_actor scheduler; ///< Null: nothing is known of schedules.
  retention_actor retention; ///< Null: nothing is removed by itself.
  compactor_actor compactor; ///< Null: nothing is compacted by itself.
  node_admin_actor nodes;    ///< Null: there are no nodes.
};

/// The GATEWAY: HTTP/1.1, plain or through TLS, for programs and the manual's
/// pages for people. One thread of its own reads, asks and answers; it never
/// waits for an actor. Requests of one connection are answered in their order.
/// A request whose time is over is answered 504, although its actor may still
/// do the work.
///
/// Threads: start() and stop() belong to one thread.
class gateway {
public:
  gateway();
  ~gateway(); ///< Calls stop().

  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;

  /// Listens. REQUIRES: it was never started.
  /// @returns the port it listens on; ec::invalid_config with a sentence that
  ///          says what to change, if it cannot: the address, the TLS files.
  caf::expected<uint16_t> start(caf::actor_system& sys, gateway_config config,
                                gateway_actors actors);

  /// "http://127.0.0.1:8085", with https if it has a certificate; "" before
  /// start().
  const std::string& url() const;

  /// Accepts no more, lets answers in flight finish for at most
  /// `drain_timeout`, closes every connection and lets the actors go.
  /// May be called again.
  void stop();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace quaero
