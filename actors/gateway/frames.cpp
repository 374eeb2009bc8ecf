#include "actors/gateway/frames.hpp"

#include "actors/gateway/problem.hpp"
#include "actors/gateway/streaming.hpp"
#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace quaero {

namespace {

constexpr size_t control_payload_max = 125;
constexpr size_t key_bytes = 24; ///< 16 bytes in base64.
constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

uint8_t byte_at(const char* bytes, size_t i) {
  return static_cast<uint8_t>(bytes[i]);
}

uint64_t read_big_endian(const char* bytes, size_t n) {
  uint64_t out = 0;
  for (size_t i = 0; i < n; ++i)
    out = out << 8 | byte_at(bytes, i);
  return out;
}

bool is_known(uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

// Whether a list of a field holds a word.
bool lists(std::string_view field, std::string_view word) {
  while (!field.empty()) {
    auto end = std::min(field.find(','), field.size());
    if (to_lower(trim(field.substr(0, end))) == word)
      return true;
    field.remove_prefix(std::min(end + 1, field.size()));
  }
  return false;
}

bool is_base64(std::string_view x) {
  return std::all_of(x.begin(), x.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

bool is_key(std::string_view x) {
  return x.size() == key_bytes && x.ends_with("==")
         && is_base64(x.substr(0, key_bytes - 2));
}

std::string accept_key(std::string_view key) {
  auto text = std::string{key} + std::string{key_suffix};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  unsigned char out[2 * EVP_MAX_MD_SIZE];
  auto n = EVP_EncodeBlock(out, digest, static_cast<int>(size));
  return {reinterpret_cast<const char*>(out), static_cast<size_t>(n)};
}

} // namespace

frame_step read_frame(char* bytes, size_t size, size_t payload_max) {
  frame_step out;
  if (size < 2)
    return out;
  const auto first = byte_at(bytes, 0);
  const auto second = byte_at(bytes, 1);
  out.what.last = (first & 0x80) != 0;
  const uint8_t opcode = first & 0x0F;
  out.what.kind = static_cast<frame_kind>(opcode);
  uint64_t length = second & 0x7F;
  // Reserved bits belong to extensions; none was agreed to. A client masks.
  if ((first & 0x70) != 0 || !is_known(opcode) || (second & 0x80) == 0)
    out.failure = close_protocol_error;
  else if (is_control(out.what.kind)
           && (!out.what.last || length > control_payload_max))
    out.failure = close_protocol_error;
  if (out.failure != 0)
    return out;
  const size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  const size_t head = 2 + extra + 4;
  if (size < 2 + extra)
    return out;
  if (extra != 0) {
    const auto least = extra == 2 ? uint64_t{126} : uint64_t{0x10000};
    length = read_big_endian(bytes + 2, extra);
    if (length < least || length >> 63 != 0)
      out.failure = close_protocol_error;
  }
  if (out.failure == 0 && !is_control(out.what.kind) && length > payload_max)
    out.failure = close_too_big;
  if (out.failure != 0 || size < head || size - head < length)
    return out;
  const char* mask = bytes + 2 + extra;
  char* payload = bytes + head;
  for (size_t i = 0; i < length; ++i)
    payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  out.what.payload = {payload, static_cast<size_t>(length)};
  out.used = head + static_cast<size_t>(length);
  return out;
}

std::string frame_head(frame_kind kind, size_t payload) {
  std::string out;
  out += static_cast<char>(0x80 | static_cast<uint8_t>(kind));
  size_t extra = 0;
  if (payload < 126) {
    out += static_cast<char>(payload);
  } else if (payload < 0x10000) {
    out += static_cast<char>(126);
    extra = 2;
  } else {
    out += static_cast<char>(127);
    extra = 8;
  }
  for (size_t i = extra; i > 0; --i)
    out += static_cast<char>(payload >> (8 * (i - 1)) & 0xFF);
  return out;
}

std::string close_payload(uint16_t code, std::string_view why) {
  std::string out;
  if (code == close_none)
    return out;
  out += static_cast<char>(code >> 8);
  out += static_cast<char>(code & 0xFF);
  auto room = control_payload_max - out.size();
  // Never half of a character.
  while (why.size() > room || !is_utf8(why))
    why.remove_suffix(1);
  return out += why;
}

uint16_t read_close_code(std::string_view payload) {
  if (payload.empty())
    return close_none;
  if (payload.size() < 2 || !is_utf8(payload.substr(2)))
    return close_protocol_error;
  const auto code = static_cast<uint16_t>(read_big_endian(payload.data(), 2));
  const bool registered = code >= 1000 && code <= 1014 && code != 1004
                          && code != 1005 && code != 1006;
  const bool own = code >= 3000 && code <= 4999;
  if (!registered && !own)
    return close_protocol_error;
  return code;
}

std::optional<http_answer> check_upgrade(const http_request& request) {
  if (request.method != "GET" || !lists(request.field("upgrade"), "websocket")
      || !lists(request.field("connection"), "upgrade")) {
    auto out = make_problem(426, "upgrade_required",
                            request.path + " speaks WebSocket only");
    out.headers.emplace_back("Upgrade", "websocket");
    return out;
  }
  if (request.field("sec-websocket-version") != "13") {
    auto out = make_problem(426, "upgrade_required",
                            "the only version of WebSocket is 13");
    out.headers.emplace_back("Upgrade", "websocket");
    out.headers.emplace_back("Sec-WebSocket-Version", "13");
    return out;
  }
  if (!is_key(request.field("sec-websocket-key")))
    return make_problem(400, "bad_request",
                        "Sec-WebSocket-Key must be 16 bytes in base64");
  return std::nullopt;
}

std::string accept_head(const http_request& request) {
  auto out = "HTTP/1.1 101 Switching Protocols\r\n"
             "Upgrade: websocket\r\n"
             "Connection: Upgrade\r\n"
             "Sec-WebSocket-Accept: "
             + accept_key(request.field("sec-websocket-key"))
             + "\r\nX-Request-ID: " + request.id + "\r\n";
  if (lists(request.field("sec-websocket-protocol"), web_socket_protocol))
    out
      += "Sec-WebSocket-Protocol: " + std::string{web_socket_protocol} + "\r\n";
  return out;
}

} // namespace quaero
