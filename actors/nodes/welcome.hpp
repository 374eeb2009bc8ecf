#pragma once

#include <cstddef>
#include <cstdint>

namespace quaero {

/// The hub's first byte to a node, with its own process behind it (32 bytes),
/// after the node has named its process (32 bytes).
enum class welcome : uint8_t {
  ok = 0,
  same_process,   ///< The node's process has the id of the hub's.
  process_in_use, ///< It has that of another node's.
  no_process,     ///< It is no id.
  busy,           ///< Its former connection did not end in time.
  closing,        ///< The hub takes no more nodes.
  too_often,      ///< The node was started too often.
};

inline constexpr size_t welcome_bytes = 33;

/// A sentence for people.
const char* explain(welcome x);

} // namespace quaero
