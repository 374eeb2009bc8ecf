#include "actors/nodes/wire_messages.hpp"

#include "actors/nodes/certificates.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <set>

namespace quaero {

namespace {

bool is_text(const std::string& x, size_t bytes_max) {
  return x.size() <= bytes_max && is_utf8(x);
}

bool is_word(const std::string& x, size_t bytes_max) {
  return !x.empty() && is_text(x, bytes_max)
         && std::all_of(x.begin(), x.end(), [](char c) {
              return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
            });
}

std::string check_offers(const wire_hello_v1& x, const wire_limits& limits) {
  if (x.offers.size() > limits.offers_max)
    return "too many worker types";
  std::set<std::string> types;
  for (const auto& offer : x.offers) {
    if (!is_word(offer.type, limits.text_bytes_max))
      return "a worker type is no word";
    if (!types.insert(offer.type).second)
      return "a worker type is offered twice";
    if (offer.slots == 0 || offer.slots > limits.slots_max)
      return "slots of a worker type are out of range";
  }
  return {};
}

} // namespace

std::string check(const wire_hello_v1& x, const wire_limits& limits) {
  if (x.protocol_min == 0 || x.protocol_min > x.protocol_max)
    return "its range of protocols is none";
  if (!is_text(x.build, limits.text_bytes_max))
    return "its build is no text";
  if (!is_word(x.schema, limits.text_bytes_max))
    return "its schema is no word";
  if (!is_node_name(x.node))
    return "its name is none";
  if (x.instance == 0)
    return "its instance is 0";
  if (x.window == 0 || x.window > limits.window_max)
    return "its window is out of range";
  if (x.now < 0 || x.now > INT64_MAX / 2)
    return "its clock is out of range";
  if (x.labels.size() > limits.labels_max)
    return "too many labels";
  for (const auto& label : x.labels)
    if (!is_word(label, limits.text_bytes_max))
      return "a label is no word";
  return check_offers(x, limits);
}

std::string check(const wire_welcome_v1& x, const wire_limits& limits) {
  if (!is_text(x.reason, limits.reason_bytes_max)
      || !is_text(x.build, limits.text_bytes_max))
    return "its reason or build is no text";
  if (x.protocol == 0)
    return {};
  if (x.protocol != wire_protocol)
    return "its protocol is unknown";
  if (x.epoch == 0)
    return "its epoch is 0";
  if (x.renew_ms == 0 || x.lease_ms <= x.renew_ms)
    return "its lease is no longer than its time of renewal";
  return {};
}

std::string check(const wire_block_v1& x, const wire_limits& limits) {
  if (x.number == 0)
    return "a block has no number";
  if (x.payload.empty() || x.payload.size() > limits.payload_bytes_max)
    return "the payload of a block is empty or too long";
  return {};
}

std::string check(const wire_pulse_v1& x, const wire_limits& limits) {
  if (x.alive.size() > limits.offers_max)
    return "too many worker types live";
  for (const auto& type : x.alive)
    if (!is_word(type, limits.text_bytes_max))
      return "a worker type is no word";
  return {};
}

} // namespace quaero
