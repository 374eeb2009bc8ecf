#pragma once

#include "actors/gateway/input_buffer.hpp"
#include "actors/gateway/outbox.hpp"

#include <chrono>

namespace quaero {

/// What an answer that lasts needs of its connection.
class wire {
public:
  virtual ~wire() = default;

  virtual void push(outbox::piece x) = 0;
  virtual size_t unsent() const = 0;
  /// Calls on_deadline() of the answer then; the last call counts.
  virtual void expire_in(std::chrono::milliseconds limit) = 0;
  /// Drops the answer; the connection goes on after what is queued, or ends.
  virtual void release(bool reusable) = 0;
  /// Drops the answer and ends the connection at once.
  virtual void cut() = 0;
};

/// An answer that lasts: what its connection tells it.
class long_answer {
public:
  virtual ~long_answer() = default;

  /// Takes what it understands from the front of `in`; the rest waits.
  virtual void on_bytes(input_buffer& in) = 0;
  /// The peer sends nothing any more.
  virtual void on_end_of_input() = 0;
  /// Some bytes have left.
  virtual void on_sent() = 0;
  virtual void on_deadline() = 0;
  /// The gateway stops: says good-bye.
  virtual void on_drain() = 0;
  /// The connection is gone. The last call.
  virtual void on_gone() = 0;
};

} // namespace quaero
