#pragma once

#include "actors/gateway/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The bytes of RFC 6455, without a connection.
namespace quaero {

enum class frame_kind : uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

inline bool is_control(frame_kind x) {
  return static_cast<uint8_t>(x) >= 8;
}

/// Statuses of a closing handshake.
enum close_code : uint16_t {
  close_normal = 1000,
  close_going_away = 1001,
  close_protocol_error = 1002,
  close_unsupported = 1003,
  close_none = 1005, ///< Never sent.
  close_bad_text = 1007,
  close_too_big = 1009,
  close_internal = 1011,
};

struct frame {
  frame_kind kind = frame_kind::text;
  bool last = true;
  std::string_view payload;
};

/// What is at the front of some bytes.
struct frame_step {
  size_t used = 0;      ///< Bytes of the whole frame; 0: more are needed.
  uint16_t failure = 0; ///< A close_code if it is no frame that may be.
  frame what;
};

/// Reads one frame that a client sent, and unmasks it in place.
/// @param payload_max of a data frame; more is `close_too_big`.
frame_step read_frame(char* bytes, size_t size, size_t payload_max);

/// What precedes the payload of a frame that a server sends.
std::string frame_head(frame_kind kind, size_t payload);

/// The payload of a close frame; `why` is cut at 123 bytes.
std::string close_payload(uint16_t code, std::string_view why);

/// The status within a close frame; `close_protocol_error` if it may not be
/// sent or the reason is no UTF-8.
uint16_t read_close_code(std::string_view payload);

/// What is wrong with the head of an opening handshake: 426 if it is none, 400
/// if it is malformed.
std::optional<http_answer> check_upgrade(const http_request& request);

/// The head of the answer to it, up to the empty line. REQUIRES: it is good.
std::string accept_head(const http_request& request);

} // namespace quaero
