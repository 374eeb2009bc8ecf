#include "actors/nodes/frame_guard.hpp"

#include <algorithm>
#include <cstring>

namespace quaero {

namespace {

constexpr size_t header_bytes = 32;
constexpr uint64_t protocol_version = 3;

enum operation : uint8_t {
  server_handshake = 0,
  client_handshake = 1,
  direct_message = 2,
  routed_message = 3,
  monitor_message = 4,
  down_message = 5,
  heartbeat = 6,
};

constexpr uint8_t by_name_flag = 1;
constexpr uint8_t select_flag = 2;

/// Of the number of a message: whether it answers a request, and whether it is
/// of a stream. CAF takes the latter's contents for what they are not.
constexpr uint64_t answer_bit = 1ULL << 63;
constexpr uint64_t stream_bit = 1ULL << 61;

/// "SpawnServ" as CAF packs ten letters into a number.
constexpr uint64_t spawn_server = 0x3DDD66F3376ADFBULL;

/// Where a message names its types: behind the number of actors that it was
/// passed on by, a number of its kind, and the length.
constexpr size_t type_bytes_at = 3;
constexpr std::string_view error_type = "@<>+@error";

uint64_t read_number(const char* from, size_t bytes) {
  uint64_t out = 0;
  for (size_t i = 0; i < bytes; ++i)
    out = out << 8 | static_cast<uint8_t>(from[i]);
  return out;
}

} // namespace

bool is_plain(const caf_node& x) {
  constexpr uint64_t default_kind = 0x3E9AAB9BAC79ULL;
  return read_number(x.data(), 8) == default_kind;
}

frame_guard::frame_guard(frame_rules rules)
  : rules_{std::move(rules)}, needed_{header_bytes} {
  std::sort(rules_.types.begin(), rules_.types.end());
  held_.reserve(header_bytes + type_bytes_at + 2 + rules_.limits.type_bytes_max
                + 2 * sizeof(caf_node));
  sources_.reserve(rules_.limits.sources_max);
  if (!is_plain(rules_.from) || !is_plain(rules_.to)
      || rules_.from == rules_.to)
    refused_ = "the id of the process is of no use";
}

size_t frame_guard::greetings_needed() const {
  return rules_.sender == frame_sender::hub ? 1 : 2;
}

const std::string& frame_guard::take(std::string_view in, std::string& out) {
  while (!in.empty() && refused_.empty()) {
    if (open_ > 0) {
      const auto n = std::min<uint64_t>(open_, in.size());
      if (!drops_)
        out.append(in.substr(0, n));
      in.remove_prefix(n);
      open_ -= n;
      continue;
    }
    const auto n = std::min(needed_ - held_.size(), in.size());
    held_.append(in.substr(0, n));
    in.remove_prefix(n);
    if (held_.size() < needed_)
      break;
    const auto asked = needed_;
    refused_ = judge();
    if (!refused_.empty() || needed_ > asked)
      continue;
    // All is known that decides.
    open_ = header_bytes + now_.payload_bytes - held_.size();
    if (!drops_)
      out.append(held_);
    held_.clear();
    needed_ = header_bytes;
    has_header_ = false;
  }
  return refused_;
}

/// @returns why not; asks for more by `needed_`.
std::string frame_guard::judge() {
  if (!has_header_)
    return judge_header();
  switch (now_.operation) {
    case server_handshake:
    case client_handshake:
      return judge_greeting();
    case direct_message:
      return judge_type();
    default:
      return judge_nodes(0);
  }
}

void frame_guard::need_payload(size_t bytes) {
  needed_ = header_bytes + bytes;
}

std::string frame_guard::judge_header() {
  const auto* at = held_.data();
  now_ = {static_cast<uint8_t>(at[0]),
          static_cast<uint8_t>(at[3]),
          static_cast<uint32_t>(read_number(at + 4, 4)),
          read_number(at + 8, 8),
          read_number(at + 16, 8),
          read_number(at + 24, 8)};
  ++frames_;
  has_header_ = true;
  drops_ = false;
  if (at[1] != 0 || at[2] != 0)
    return "reserved bytes are in use";
  const bool greets = now_.operation <= client_handshake;
  if (greets == is_greeted())
    return greets ? "a second handshake" : "no handshake comes first";
  switch (now_.operation) {
    case server_handshake:
    case client_handshake:
      return judge_greeting();
    case direct_message:
      return judge_direct();
    case routed_message:
      return "a routed message";
    case monitor_message:
      if (now_.flags != 0 || now_.data != 0 || now_.source != 0
          || now_.target == 0)
        return "a monitor message that is none";
      return judge_nodes(2 * sizeof(caf_node));
    case down_message:
      if (now_.flags != 0 || now_.data != 0 || now_.source == 0
          || now_.target != 0)
        return "a down message that is none";
      return judge_nodes(rules_.limits.nesting_bytes_max);
    case heartbeat:
      if (now_.flags != 0 || now_.payload_bytes != 0 || now_.data != 0
          || now_.source != 0 || now_.target != 0)
        return "a heartbeat that is none";
      return {};
    default:
      return "an unknown operation";
  }
}

/// Once for the header, and once more for the id of who greets.
std::string frame_guard::judge_greeting() {
  const bool by_hub = rules_.sender == frame_sender::hub;
  constexpr auto id_bytes = sizeof(caf_node);
  if (held_.size() == header_bytes) {
    if (now_.operation != (by_hub ? server_handshake : client_handshake))
      return "the handshake of the other end";
    if (now_.source != 0 || now_.target != 0
        || now_.data != (by_hub ? protocol_version : 0)
        || now_.flags != (greetings_ == 0 ? 0 : select_flag))
      return "a handshake that is none";
    if (by_hub ? now_.payload_bytes <= id_bytes
                   || now_.payload_bytes > rules_.limits.handshake_bytes_max
               : now_.payload_bytes != id_bytes)
      return "a handshake of a wrong length";
    need_payload(id_bytes);
    return {};
  }
  if (std::memcmp(held_.data() + header_bytes, rules_.from.data(), id_bytes)
      != 0)
    return "a handshake in another's name";
  ++greetings_;
  return {};
}

/// From the sender to the receiver. Once for the header, with the most bytes
/// that may follow, and once more for the ids.
std::string frame_guard::judge_nodes(size_t limit) {
  constexpr auto id_bytes = sizeof(caf_node);
  if (held_.size() == header_bytes) {
    if (now_.payload_bytes < 2 * id_bytes || now_.payload_bytes > limit
        || (now_.operation == down_message
            && now_.payload_bytes == 2 * id_bytes))
      return "a notice of a wrong length";
    need_payload(2 * id_bytes);
    return {};
  }
  const auto* at = held_.data() + header_bytes;
  if (std::memcmp(at, rules_.from.data(), id_bytes) != 0
      || std::memcmp(at + id_bytes, rules_.to.data(), id_bytes) != 0)
    return "a notice from or to another process";
  return {};
}

std::string frame_guard::judge_direct() {
  if (now_.payload_bytes == 0)
    return "a message without a payload";
  if (now_.payload_bytes > rules_.limits.payload_bytes_max)
    return "a message of " + std::to_string(now_.payload_bytes)
           + " bytes; at most "
           + std::to_string(rules_.limits.payload_bytes_max) + " are";
  if (now_.flags == by_name_flag)
    return judge_named();
  if (now_.flags != 0 || now_.target == 0)
    return "a message to nobody";
  if ((now_.data & stream_bit) != 0)
    return "a message of a stream";
  if (now_.payload_bytes <= type_bytes_at)
    return "a message of no type";
  if (auto why = note_source(now_.source); !why.empty())
    return why;
  need_payload(type_bytes_at + 1);
  return {};
}

// CAF asks each process that it gets to know. The question could as well be an
// order, so it goes nowhere; CAF does without an answer.
std::string frame_guard::judge_named() {
  if (now_.target != spawn_server || has_asked_
      || now_.payload_bytes > rules_.limits.nesting_bytes_max)
    return "a message by name";
  has_asked_ = true;
  drops_ = true;
  return {};
}

/// Once with the first byte of the length, perhaps with its second, and with
/// the names.
std::string frame_guard::judge_type() {
  const auto* at = held_.data() + header_bytes;
  if (read_number(at, type_bytes_at) != 0)
    return "a message that was passed on";
  size_t length = static_cast<uint8_t>(at[type_bytes_at]) & 127;
  size_t length_bytes = 1;
  if ((at[type_bytes_at] & 128) != 0) {
    length_bytes = 2;
    if (now_.payload_bytes < type_bytes_at + length_bytes)
      return "a message of no type";
    need_payload(type_bytes_at + length_bytes);
    if (held_.size() < needed_)
      return {};
    // A third byte would be for what is too long anyway.
    if ((at[type_bytes_at + 1] & 128) != 0)
      return "a message of too many parts";
    length |= static_cast<size_t>(at[type_bytes_at + 1]) << 7;
  }
  const auto end = type_bytes_at + length_bytes + length;
  if (length > rules_.limits.type_bytes_max)
    return "a message of too many parts";
  if (end > now_.payload_bytes)
    return "a message that ends too soon";
  need_payload(end);
  if (held_.size() < needed_)
    return {};
  const std::string_view type{at + type_bytes_at + length_bytes, length};
  // CAF sends one for whatever its receiver does not take, asked for or not;
  // and one that was not asked for ends the actor that gets it.
  if (type == error_type && (now_.data & answer_bit) == 0) {
    drops_ = true;
    return {};
  }
  if (type == error_type)
    return now_.payload_bytes <= rules_.limits.nesting_bytes_max
             ? ""
             : "an error that is too long";
  if (!std::binary_search(rules_.types.begin(), rules_.types.end(), type))
    return "a message of a type that is not ours";
  return {};
}

std::string frame_guard::note_source(uint64_t id) {
  auto at = std::lower_bound(sources_.begin(), sources_.end(), id);
  if (at != sources_.end() && *at == id)
    return {};
  if (sources_.size() >= rules_.limits.sources_max)
    return "too many actors speak";
  sources_.insert(at, id);
  return {};
}

} // namespace quaero
