#pragma once

#include "actors/gateway/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// Answers that last: what exchange::open_stream() and exchange::upgrade()
/// give. Both live on the gateway's thread, and nothing of them may be called
/// from another one. Whoever holds one keeps no connection alive by it.
namespace quaero {

/// A long answer: its head is sent at once, then pieces, until it is closed.
/// A client that closes its side of the connection is taken to have left.
/// Bounds: `gateway_config::stream_bytes_max` wait to be sent; a client that
/// takes none of them for `write_timeout` is cut.
class answer_stream {
public:
  virtual ~answer_stream() = default;

  /// Queues a piece; an empty one is nothing. Never blocks.
  /// @returns false, with nothing taken, if the stream is closed or more than
  ///          `stream_bytes_max` would wait. In the second case on_drained
  ///          follows.
  virtual bool write(std::shared_ptr<const std::string> piece) = 0;

  /// Bytes that wait to be sent; 0 once it is closed.
  virtual size_t buffered() const = 0;

  /// Ends the answer after what is queued. Neither function below is called any
  /// more. Twice is once.
  virtual void close() = 0;

  /// After a refused write: half of the buffer or more is free again.
  std::function<void()> on_drained;
  /// Once, if the stream ends without close(): the client left or the gateway
  /// stops. Nothing else is called any more.
  std::function<void()> on_closed;
};

/// A WebSocket after its handshake. Pings and pongs, fragments, limits and the
/// closing handshake happen below it. The peer that is silent for
/// `ping_interval` is pinged, and cut after two intervals of silence.
/// Bounds: as answer_stream; a message of the peer has at most
/// `message_bytes_max` (else 1009) of valid UTF-8 (else 1007) text (else 1003).
class web_socket {
public:
  virtual ~web_socket() = default;

  /// Queues a text message. Never blocks. REQUIRES: `text` is UTF-8.
  /// @returns as answer_stream::write().
  virtual bool send(std::shared_ptr<const std::string> text) = 0;

  /// Bytes that wait to be sent; 0 once it is closed.
  virtual size_t buffered() const = 0;

  /// Closes after what is queued, with a status of RFC 6455 and at most 123
  /// bytes of reason. No function below is called any more. Twice is once.
  virtual void close(uint16_t code, std::string why) = 0;

  /// A message of the peer. What it throws closes the socket with 1011.
  std::function<void(std::string_view)> on_text;
  /// After a refused send: half of the buffer or more is free again.
  std::function<void()> on_drained;
  /// Once, if the socket ends without close(). Nothing else is called any more.
  std::function<void()> on_closed;
};

/// The subprotocol that a handshake agrees to, if the client offers it.
inline constexpr std::string_view web_socket_protocol = "quaero";

/// Where the one answer to a request goes. Answers to a request that is over,
/// told by its `round`, go nowhere.
class answer_sink {
public:
  using socket_handler = std::function<void(std::shared_ptr<web_socket>)>;

  virtual ~answer_sink() = default;

  virtual void answer(uint64_t round, http_answer x) = 0;
  virtual std::shared_ptr<answer_stream> open_stream(uint64_t round,
                                                     http_answer head)
    = 0;
  virtual void upgrade(uint64_t round, const http_request& request,
                       const socket_handler& ready)
    = 0;
};

} // namespace quaero
