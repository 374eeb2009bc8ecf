#pragma once

#include <caf/response_promise.hpp>
#include <caf/typed_response_promise.hpp>
#include <caf/unit.hpp>

namespace quaero {

/// The promise of an empty answer.
using ack_promise = caf::typed_response_promise<void>;

/// Delivers the empty answer, which CAF 0.17's typed promise cannot. Who did
/// not ask for an answer gets none: as a plain message it would be unexpected.
inline void acknowledge(ack_promise& promise) {
  auto& untyped = static_cast<caf::response_promise&>(promise);
  if (!untyped.async())
    untyped.deliver(caf::unit);
}

} // namespace quaero
