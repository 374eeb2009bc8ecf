#include "definitions/utf8.hpp"

#include "definitions/json.hpp"

#include <cstring>

namespace quaero {

namespace {

// What may follow a lead byte: how many bytes, and the range of the first of
// them, which keeps overlong forms, surrogates and what is above U+10FFFF out.
struct sequence {
  size_t length; // With the lead byte; 0 is no lead byte.
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
};

sequence classify(uint8_t lead) {
  if (lead < 0x80)
    return {1};
  if (lead < 0xC2)
    return {0};
  if (lead < 0xE0)
    return {2};
  if (lead < 0xF0)
    return {3, lead == 0xE0 ? uint8_t{0xA0} : uint8_t{0x80},
            lead == 0xED ? uint8_t{0x9F} : uint8_t{0xBF}};
  if (lead < 0xF5)
    return {4, lead == 0xF0 ? uint8_t{0x90} : uint8_t{0x80},
            lead == 0xF4 ? uint8_t{0x8F} : uint8_t{0xBF}};
  return {0};
}

// Reads the sequence at `pos`. `used` are the bytes that belong together: all
// of a good one, else the longest start of a good one, at least 1.
bool read_sequence(std::string_view text, size_t pos, size_t& used) {
  auto expected = classify(static_cast<uint8_t>(text[pos]));
  used = 1;
  while (used < expected.length && pos + used < text.size()) {
    auto byte = static_cast<uint8_t>(text[pos + used]);
    auto low = used == 1 ? expected.low : 0x80;
    auto high = used == 1 ? expected.high : 0xBF;
    if (byte < low || byte > high)
      return false;
    ++used;
  }
  return used == expected.length;
}

// Most text is ASCII, which needs no look at each byte.
size_t skip_ascii(std::string_view text, size_t pos) {
  constexpr uint64_t high_bits = 0x8080808080808080;
  for (uint64_t bytes = 0; text.size() - pos >= sizeof(bytes);
       pos += sizeof(bytes)) {
    std::memcpy(&bytes, text.data() + pos, sizeof(bytes));
    if ((bytes & high_bits) != 0)
      break;
  }
  while (pos < text.size() && static_cast<uint8_t>(text[pos]) < 0x80)
    ++pos;
  return pos;
}

} // namespace

size_t find_invalid_utf8(std::string_view text) {
  size_t used = 0;
  for (auto pos = skip_ascii(text, 0); pos < text.size();
       pos = skip_ascii(text, pos + used))
    if (!read_sequence(text, pos, used))
      return pos;
  return std::string_view::npos;
}

bool is_utf8(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos;
}

std::string to_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  size_t used = 0;
  for (size_t pos = 0; pos < text.size(); pos += used) {
    if (read_sequence(text, pos, used))
      result += text.substr(pos, used);
    else
      result += "\xEF\xBF\xBD";
  }
  return result;
}

} // namespace quaero
