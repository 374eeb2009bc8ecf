#include "actors/gateway/cursor.hpp"

#include <array>

namespace quaero {

namespace {

constexpr char cursor_version = 1;
constexpr size_t checksum_bytes = 8;
constexpr size_t number_bytes = 8;
constexpr size_t head_bytes
  = 1 + 1 + 2 * number_bytes; // version, flag, numbers
constexpr size_t text_bytes_max = 4096;

constexpr std::string_view letters
  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6)
      out.push_back(letters[bits >> (count - 6) & 63]);
  }
  if (count > 0)
    out.push_back(letters[bits << (6 - count) & 63]);
  return out;
}

// One text for each sequence of bytes: bits that are left over must be zero.
bool from_base64url(std::string_view text, std::string& out) {
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text) {
    const auto digit = letters.find(c);
    if (digit == std::string_view::npos)
      return false;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count));
    }
  }
  return count < 6 && (bits & ((1u << count) - 1)) == 0;
}

void append_number(std::string& out, uint64_t x) {
  for (size_t i = number_bytes; i > 0; --i)
    out.push_back(static_cast<char>(x >> (8 * (i - 1))));
}

uint64_t read_number(std::string_view in) {
  uint64_t out = 0;
  for (size_t i = 0; i < number_bytes; ++i)
    out = out << 8 | static_cast<uint8_t>(in[i]);
  return out;
}

// FNV-1a, stirred so that its high bits are good, too. It finds mistakes; a
// cursor grants nothing that a request without one would not.
uint64_t checksum(std::string_view list, std::string_view body) {
  uint64_t hash = 0xcbf29ce484222325ull;
  auto add = [&hash](std::string_view text) {
    for (char c : text) {
      hash ^= static_cast<uint8_t>(c);
      hash *= 0x100000001b3ull;
    }
  };
  std::string length;
  append_number(length, list.size());
  add(length);
  add(list);
  add(body);
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdull;
  return hash ^ hash >> 33;
}

} // namespace

std::string make_cursor(std::string_view list, const list_position& x) {
  std::string body;
  body.push_back(cursor_version);
  body.push_back(x.total_is_exact ? 1 : 0);
  append_number(body, x.offset);
  append_number(body, x.total);
  body += x.place;
  append_number(body, checksum(list, body));
  return to_base64url(body);
}

std::optional<list_position> read_cursor(std::string_view list,
                                         std::string_view text) {
  std::string bytes;
  if (text.size() > text_bytes_max || !from_base64url(text, bytes)
      || bytes.size() < head_bytes + checksum_bytes)
    return std::nullopt;
  std::string_view body{bytes.data(), bytes.size() - checksum_bytes};
  std::string_view rest{bytes};
  if (body[0] != cursor_version
      || read_number(rest.substr(body.size())) != checksum(list, body))
    return std::nullopt;
  list_position out;
  out.total_is_exact = body[1] != 0;
  out.offset = read_number(body.substr(2));
  out.total = read_number(body.substr(2 + number_bytes));
  out.place = body.substr(head_bytes);
  return out;
}

bool take_cursor(const exchange_ptr& ex, std::string_view list,
                 std::optional<list_position>& out) {
  query_reader query{ex->request()};
  const auto text = query.text("cursor");
  if (text.empty())
    return true;
  if (query.number("offset", 0, 0, SIZE_MAX) != 0)
    query.refuse("offset", "goes without a cursor");
  if (!query.ok()) {
    ex->reply(query.problem());
    return false;
  }
  out = read_cursor(list, text);
  if (!out)
    ex->reply(make_problem(400, "invalid_cursor",
                           "cursor: is not from this list, or was changed"));
  return out.has_value();
}

} // namespace quaero
