#include "actors/nodes/invitation.hpp"

#include "actors/nodes/certificates.hpp"

#include <cstdint>

namespace quaero {

namespace {

constexpr std::string_view prefix = "qn1.";
constexpr std::string_view letters
  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t hash_bytes = 32;

std::string encode(std::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (auto c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6)
      out += letters[bits >> (count - 6) & 63];
  }
  if (count > 0)
    out += letters[bits << (6 - count) & 63];
  return out;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (auto c : text) {
    auto at = letters.find(c);
    if (at == letters.npos)
      return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(at);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 255);
    }
  }
  // One text for one invitation: what is left over must be nothing.
  if (count >= 6 || (bits & ((1U << count) - 1)) != 0)
    return std::nullopt;
  return out;
}

} // namespace

std::string to_string(const invitation& x) {
  return std::string{prefix} + encode(x.authority + x.secret + x.node);
}

std::optional<invitation> read_invitation(std::string_view text) {
  if (text.size() > invitation_bytes_max || !text.starts_with(prefix))
    return std::nullopt;
  auto bytes = decode(text.substr(prefix.size()));
  if (!bytes || bytes->size() < 2 * hash_bytes)
    return std::nullopt;
  invitation out{bytes->substr(2 * hash_bytes), bytes->substr(0, hash_bytes),
                 bytes->substr(hash_bytes, hash_bytes)};
  if (!is_node_name(out.node))
    return std::nullopt;
  return out;
}

} // namespace quaero
