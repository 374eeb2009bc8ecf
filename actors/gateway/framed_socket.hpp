#pragma once

#include "actors/gateway/frames.hpp"
#include "actors/gateway/long_answer.hpp"
#include "actors/gateway/streaming.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace quaero {

/// A web_socket on a connection.
class framed_socket final : public web_socket, public long_answer {
public:
  struct limits {
    size_t bytes_max;         ///< That wait to be sent.
    size_t message_bytes_max; ///< Of the peer.
    std::chrono::milliseconds write_timeout;
    std::chrono::milliseconds ping_interval;
  };

  framed_socket(std::weak_ptr<wire> out, limits bounds);

  bool send(std::shared_ptr<const std::string> text) override;
  size_t buffered() const override;
  void close(uint16_t code, std::string why) override;

  void on_bytes(input_buffer& in) override;
  void on_end_of_input() override { cut(); }
  void on_sent() override;
  void on_deadline() override;
  void on_drain() override;
  void on_gone() override;

private:
  using clock = std::chrono::steady_clock;

  bool is_open() const { return !closing_ && !out_.expired(); }
  void on_frame(const frame& x);
  void on_data(const frame& x);
  void on_message(std::string_view text);
  void on_peer_close(std::string_view payload);
  void push(frame_kind kind, std::string payload);
  void start_closing(uint16_t code, std::string_view why);
  void fail(uint16_t code, std::string_view why);
  void schedule();
  void cut();
  void tell_closed();

  std::weak_ptr<wire> out_;
  limits limits_;
  std::string message_;        ///< Of the fragments so far.
  bool in_message_ = false;    ///< A fragment was not the last one.
  bool closing_ = false;       ///< A close frame was sent.
  bool refused_ = false;       ///< on_drained is due.
  bool pinged_ = false;        ///< Since the peer was last heard.
  clock::time_point heard_;    ///< When the peer last sent something.
  clock::time_point progress_; ///< When bytes last left, or began to wait.
};

} // namespace quaero
