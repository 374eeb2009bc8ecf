#include "actors/gateway/framed_socket.hpp"

#include "definitions/json.hpp"
#include "definitions/log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace quaero {

namespace {

/// What pongs may add to a full buffer.
constexpr size_t pongs_bytes_max = 64 * 1024;

std::chrono::milliseconds left(std::chrono::steady_clock::duration x) {
  auto out = std::chrono::ceil<std::chrono::milliseconds>(x);
  return std::max(out, std::chrono::milliseconds{0});
}

} // namespace

framed_socket::framed_socket(std::weak_ptr<wire> out, limits bounds)
  : out_{std::move(out)}, limits_{bounds}, heard_{clock::now()}, progress_{
                                                                   heard_} {
  schedule();
}

// -- sending ------------------------------------------------------------------

bool framed_socket::send(std::shared_ptr<const std::string> text) {
  auto out = out_.lock();
  if (!out || closing_)
    return false;
  if (out->unsent() + text->size() > limits_.bytes_max) {
    refused_ = true;
    return false;
  }
  if (out->unsent() == 0) {
    progress_ = clock::now();
    schedule();
  }
  auto head = frame_head(frame_kind::text, text->size());
  out->push({std::move(head), {}, std::move(text), {}});
  return true;
}

size_t framed_socket::buffered() const {
  auto out = out_.lock();
  return out && !closing_ ? out->unsent() : 0;
}

void framed_socket::push(frame_kind kind, std::string payload) {
  auto out = out_.lock();
  if (!out)
    return;
  if (out->unsent() == 0)
    progress_ = clock::now();
  auto head = frame_head(kind, payload.size());
  out->push({std::move(head), std::move(payload), {}, {}});
}

void framed_socket::on_sent() {
  auto out = out_.lock();
  if (!out)
    return;
  progress_ = clock::now();
  if (refused_ && !closing_ && out->unsent() <= limits_.bytes_max / 2) {
    refused_ = false;
    if (on_drained)
      on_drained();
  }
}

// -- receiving ----------------------------------------------------------------

void framed_socket::on_bytes(input_buffer& in) {
  heard_ = clock::now();
  pinged_ = false;
  while (in.size() > 0 && !out_.expired()) {
    auto room = limits_.message_bytes_max - message_.size();
    auto step = read_frame(in.data(), in.size(), room);
    if (step.failure != 0)
      return fail(step.failure, step.failure == close_too_big
                                  ? "the message is too long"
                                  : "the frame is malformed");
    if (step.used == 0)
      return;
    on_frame(step.what);
    in.consume(step.used);
  }
}

void framed_socket::on_frame(const frame& x) {
  if (x.kind == frame_kind::close)
    return on_peer_close(x.payload);
  if (closing_)
    return; // Nothing but its answer matters any more.
  if (x.kind == frame_kind::ping) {
    auto out = out_.lock();
    // Who pings but reads no answer has had its chance.
    if (out && out->unsent() > limits_.bytes_max + pongs_bytes_max)
      return cut();
    return push(frame_kind::pong, std::string{x.payload});
  }
  if (x.kind != frame_kind::pong)
    on_data(x);
}

void framed_socket::on_data(const frame& x) {
  const bool more = x.kind == frame_kind::continuation;
  if (more != in_message_)
    return fail(close_protocol_error, "fragments are out of order");
  if (x.kind == frame_kind::binary)
    return fail(close_unsupported, "only text is understood");
  in_message_ = !x.last;
  if (!more && x.last)
    return on_message(x.payload);
  message_ += x.payload;
  if (x.last) {
    auto whole = std::exchange(message_, {});
    on_message(whole);
  }
}

void framed_socket::on_message(std::string_view text) {
  if (!is_utf8(text))
    return fail(close_bad_text, "the text is not UTF-8");
  if (!on_text)
    return;
  try {
    on_text(text);
  } catch (const std::exception& e) {
    log::error("gateway.failed", {{"error", e.what()}});
    fail(close_internal, "internal error");
  }
}

// -- the end ------------------------------------------------------------------

void framed_socket::close(uint16_t code, std::string why) {
  on_closed = nullptr;
  start_closing(code, why);
}

// The peer answers with a close frame, or is cut.
void framed_socket::start_closing(uint16_t code, std::string_view why) {
  if (!is_open())
    return;
  closing_ = true;
  push(frame_kind::close, close_payload(code, why));
  if (auto out = out_.lock())
    out->expire_in(limits_.write_timeout);
}

void framed_socket::on_peer_close(std::string_view payload) {
  auto code = read_close_code(payload);
  if (!closing_)
    push(frame_kind::close, close_payload(code, ""));
  closing_ = true;
  if (auto out = std::exchange(out_, {}).lock())
    out->release(false);
  tell_closed();
}

// Says why, and reads nothing any more.
void framed_socket::fail(uint16_t code, std::string_view why) {
  if (!closing_)
    push(frame_kind::close, close_payload(code, why));
  closing_ = true;
  if (auto out = std::exchange(out_, {}).lock())
    out->release(false);
  tell_closed();
}

void framed_socket::on_drain() {
  start_closing(close_going_away, "the daemon stops");
  tell_closed();
}

void framed_socket::on_gone() {
  out_.reset();
  closing_ = true;
  tell_closed();
}

void framed_socket::cut() {
  if (auto out = std::exchange(out_, {}).lock())
    out->cut();
  on_gone();
}

void framed_socket::tell_closed() {
  on_drained = nullptr;
  if (auto tell = std::exchange(on_closed, nullptr))
    tell();
}

// -- time ---------------------------------------------------------------------

void framed_socket::schedule() {
  auto out = out_.lock();
  if (!out || closing_)
    return;
  auto next = heard_ + limits_.ping_interval * (pinged_ ? 2 : 1);
  if (out->unsent() > 0)
    next = std::min(next, progress_ + limits_.write_timeout);
  out->expire_in(left(next - clock::now()));
}

void framed_socket::on_deadline() {
  auto out = out_.lock();
  if (!out)
    return;
  const auto now = clock::now();
  const bool stuck
    = out->unsent() > 0 && now >= progress_ + limits_.write_timeout;
  if (closing_ || stuck || now >= heard_ + limits_.ping_interval * 2)
    return cut();
  if (!pinged_ && now >= heard_ + limits_.ping_interval) {
    pinged_ = true;
    push(frame_kind::ping, {});
  }
  schedule();
}

} // namespace quaero
