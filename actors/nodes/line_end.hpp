#pragma once

#include "actors/nodes/frame_guard.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace quaero {

/// What an end says of a connection that it is given.
enum class end_verdict : uint8_t {
  taken,
  busy,   ///< A former connection with that process is not over yet: try again.
  closed, ///< It takes none any more, and has closed the socket.
};

/// Where the bytes of a connection between hub and node come from and go to,
/// once they are plain: CAF, or a test.
/// Threads: any.
class line_end {
public:
  virtual ~line_end() = default;

  /// The process that this is.
  virtual caf_node self() const = 0;

  /// Takes a stream socket, one of a pair, which leads to the process `peer`.
  /// `done` is called once, by any thread. The socket is the end's from then
  /// on, unless the end is `busy`; until then nobody may close it.
  virtual void attach(int socket, const caf_node& peer,
                      std::function<void(end_verdict)> done)
    = 0;
};

using line_end_ptr = std::shared_ptr<line_end>;

} // namespace quaero
