// Answers that last: streams and WebSockets.

#include "actors/gateway/chunked_stream.hpp"
#include "actors/gateway/exchange.hpp"
#include "actors/gateway/framed_socket.hpp"
#include "actors/gateway/frames.hpp"
#include "actors/gateway/http_session.hpp"

#include <utility>

namespace quaero {

std::shared_ptr<answer_stream> http_session::open_stream(uint64_t round,
                                                         http_answer head) {
  if (!waits_for(round))
    return nullptr;
  log(head);
  const bool chunked = version_ >= 11;
  keep_alive_ = keep_alive_ && chunked;
  auto first = std::make_shared<std::string>(std::exchange(head.body, {}));
  auto text = make_head(head, chunked ? "Transfer-Encoding: chunked\r\n" : "");
  if (no_body_) {
    enter(phase::writing, host_.config().write_timeout);
    push({std::move(text), {}, {}, {}});
    return nullptr;
  }
  const auto& config = host_.config();
  auto out = std::make_shared<chunked_stream>(
    weak_from_this(),
    chunked_stream::limits{config.stream_bytes_max, config.write_timeout},
    chunked, keep_alive_);
  upgraded_ = false;
  begin_lasting(out);
  expire_in(config.write_timeout);
  push({std::move(text), {}, {}, {}});
  out->write(std::move(first));
  return out;
}

void http_session::upgrade(uint64_t round, const http_request& request,
                           const socket_handler& ready) {
  if (!waits_for(round))
    return;
  if (auto refusal = check_upgrade(request))
    return write(std::move(*refusal));
  log({101, {}, {}, {}});
  const auto& config = host_.config();
  keep_alive_ = false;
  auto socket = std::make_shared<framed_socket>(
    weak_from_this(),
    framed_socket::limits{config.stream_bytes_max, config.message_bytes_max,
                          config.write_timeout, config.ping_interval});
  upgraded_ = true;
  host_.answered(request, 101);
  begin_lasting(socket);
  push({accept_head(request) + "\r\n", {}, {}, {}});
  ready(socket);
  if (phase_ == phase::lasting && buffer_.size() > 0)
    socket->on_bytes(buffer_);
}

void http_session::begin_lasting(std::shared_ptr<long_answer> x) {
  phase_ = phase::lasting;
  lasting_ = std::move(x);
  caller_ = exchange_->request().caller;
  exchange_ = nullptr;
  read();
}

void http_session::release(bool reusable) {
  auto keep = std::exchange(lasting_, nullptr);
  if (phase_ != phase::lasting)
    return;
  keep_alive_ = keep_alive_ && reusable && !input_ended_;
  enter(phase::writing, host_.config().write_timeout);
  if (out_.empty())
    on_all_sent();
}

void http_session::cut() {
  auto keep = std::exchange(lasting_, nullptr);
  close();
}

} // namespace quaero
