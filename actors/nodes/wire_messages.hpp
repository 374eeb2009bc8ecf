#pragma once

#include "actors/messages.hpp"

#include <caf/meta/type_name.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// All that hub and node say to each other through a tunnel. Nothing of it is a
/// request, and nothing holds a handle: who a message is from says CAF. A
/// released type never changes; a new one with a new name takes its place.
/// Whoever reads one checks each field first: see check() below.
namespace quaero {

/// Of what follows. Both ends must have one in common.
inline constexpr uint32_t wire_protocol = 1;

/// Jobs of one type that a node offers to run.
struct wire_offer_v1 {
  std::string type;
  uint32_t version = 1; ///< Of the worker.
  uint32_t slots = 0;   ///< Jobs at a time.
  bool stores_starts = true;
};

/// The first that a node says, to the gate. Frozen for ever: only numbers,
/// texts and lists of them.
struct wire_hello_v1 {
  uint32_t protocol_min = wire_protocol;
  uint32_t protocol_max = wire_protocol;
  std::string build;  ///< For people.
  std::string schema; ///< 64 digits: what is in blocks; see wire_schema().
  std::string node;   ///< Its name, as in its certificate.
  /// Of this life of the node; random, not 0.
  uint64_t instance = 0;
  uint64_t epoch = 0;    ///< That it had; 0: none, or it is over.
  uint64_t received = 0; ///< Blocks of that epoch.
  uint64_t window = 0;   ///< Blocks beyond them that it takes.
  int64_t now = 0;       ///< Its clock, in nanoseconds since 1970.
  std::vector<std::string> labels;
  std::vector<wire_offer_v1> offers;
};

/// The hub's answer.
struct wire_welcome_v1 {
  uint32_t protocol = 0; ///< 0: the node is refused.
  std::string reason;    ///< Why, for people.
  std::string build;     ///< The hub's.
  uint64_t epoch = 0;
  /// The epoch is the one that the node had; what it runs goes on.
  bool resumed = false;
  uint64_t received = 0; ///< Blocks of that epoch.
  uint64_t granted = 0;  ///< The node may send blocks up to that number.
  /// The node stops, by its own clock, when it has had no sign of the hub for
  /// so long, counted from the pulse that the sign answers.
  uint32_t lease_ms = 0;
  uint32_t renew_ms = 0; ///< It sends a pulse so often.
};

/// A part of what one end has to say, in order. Its payload is a part of a
/// series of items, each behind its length; see wire_items.hpp.
struct wire_block_v1 {
  uint64_t epoch = 0;
  uint64_t number = 0;   ///< From 1.
  uint64_t received = 0; ///< Blocks of the other end, up to that number.
  uint64_t granted = 0;  ///< The other end may send up to that number.
  std::string payload;
};

/// A sign of life, and what a block says beside its payload.
struct wire_pulse_v1 {
  uint64_t epoch = 0;
  uint64_t received = 0;
  uint64_t granted = 0;
  uint64_t number = 0; ///< Of a node's: the hub answers with the same. Else 0.
  /// Of a node's: worker types whose pools live.
  std::vector<std::string> alive;
};

/// Limits of what the other end may say.
struct wire_limits {
  size_t text_bytes_max = 256; ///< Of a name, a build, a label.
  size_t reason_bytes_max = 1024;
  size_t labels_max = 64;
  size_t offers_max = 200;
  uint32_t slots_max = 10'000; ///< Of one offer.
  uint64_t window_max = 1024;  ///< Blocks.
  size_t payload_bytes_max = 64 * 1024;
  size_t question_bytes_max = 4 * 1024 * 1024; ///< Also of an answer.
  size_t questions_max = 10'000; ///< Of a node, without an answer yet.
};

/// "" or a sentence that says what is wrong with it.
std::string check(const wire_hello_v1& x, const wire_limits& limits);
std::string check(const wire_welcome_v1& x, const wire_limits& limits);
std::string check(const wire_block_v1& x, const wire_limits& limits);
std::string check(const wire_pulse_v1& x, const wire_limits& limits);

template <class Inspector>
auto inspect(Inspector& f, wire_offer_v1& x) {
  return f(caf::meta::type_name("wire_offer_v1"), x.type, x.version, x.slots,
           x.stores_starts);
}

template <class Inspector>
auto inspect(Inspector& f, wire_hello_v1& x) {
  return f(caf::meta::type_name("wire_hello_v1"), x.protocol_min,
           x.protocol_max, x.build, x.schema, x.node, x.instance, x.epoch,
           x.received, x.window, x.now, x.labels, x.offers);
}

template <class Inspector>
auto inspect(Inspector& f, wire_welcome_v1& x) {
  return f(caf::meta::type_name("wire_welcome_v1"), x.protocol, x.reason,
           x.build, x.epoch, x.resumed, x.received, x.granted, x.lease_ms,
           x.renew_ms);
}

template <class Inspector>
auto inspect(Inspector& f, wire_block_v1& x) {
  return f(caf::meta::type_name("wire_block_v1"), x.epoch, x.number, x.received,
           x.granted, x.payload);
}

template <class Inspector>
auto inspect(Inspector& f, wire_pulse_v1& x) {
  return f(caf::meta::type_name("wire_pulse_v1"), x.epoch, x.received,
           x.granted, x.number, x.alive);
}

} // namespace quaero

// Append only. The names are what travels.
CAF_BEGIN_TYPE_ID_BLOCK(quaero_wire, caf::id_block::quaero_types::end)

  CAF_ADD_TYPE_ID(quaero_wire, (quaero::wire_hello_v1))
  CAF_ADD_TYPE_ID(quaero_wire, (quaero::wire_welcome_v1))
  CAF_ADD_TYPE_ID(quaero_wire, (quaero::wire_block_v1))
  CAF_ADD_TYPE_ID(quaero_wire, (quaero::wire_pulse_v1))

CAF_END_TYPE_ID_BLOCK(quaero_wire)
