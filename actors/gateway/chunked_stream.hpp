#pragma once

#include "actors/gateway/long_answer.hpp"
#include "actors/gateway/streaming.hpp"

#include <chrono>
#include <memory>

namespace quaero {

/// An answer_stream on a connection: in chunks, or ended by the end of the
/// connection for a client that knows no chunks.
class chunked_stream final : public answer_stream, public long_answer {
public:
  struct limits {
    size_t bytes_max;
    std::chrono::milliseconds write_timeout;
  };

  /// @param reusable whether the connection may go on after the answer.
  chunked_stream(std::weak_ptr<wire> out, limits bounds, bool chunked,
                 bool reusable);

  bool write(std::shared_ptr<const std::string> piece) override;
  size_t buffered() const override;
  void close() override;

  void on_bytes(input_buffer&) override {} // The next request.
  void on_end_of_input() override { cut(); }
  void on_sent() override;
  void on_deadline() override { cut(); }
  void on_drain() override;
  void on_gone() override;

private:
  void cut();
  void end();

  std::weak_ptr<wire> out_;
  limits limits_;
  bool chunked_;
  bool reusable_;
  bool refused_ = false;
};

} // namespace quaero
