#include "actors/gateway/http_session.hpp"

#include "actors/gateway/answer_head.hpp"
#include "actors/gateway/exchange.hpp"
#include "actors/gateway/gzip.hpp"
#include "actors/gateway/problem.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace quaero {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// What a connection reads ahead beside the head of a request.
constexpr size_t read_ahead_bytes = 64 * 1024;
/// How much one read may bring, of a head and of what follows.
constexpr size_t head_read_bytes = 4096;
constexpr size_t body_read_bytes = 64 * 1024;
/// How long a refused client may go on sending before the line is cut.
constexpr std::chrono::milliseconds linger_timeout = std::chrono::seconds{1};
/// Bodies up to this size are copied behind their head, and sent as one.
constexpr size_t joined_body_bytes_max = 16 * 1024;
/// Memory that an idle connection keeps for its next request.
constexpr size_t idle_buffer_bytes_max = 16 * 1024;

} // namespace

http_session::http_session(std::unique_ptr<line> connection, std::string remote,
                           session_host& host)
  : line_{std::move(connection)}, host_{host}, timer_{host.io()},
    armed_{clock::time_point::max()}, buffer_{std::max(
                                                host.config().header_bytes_max,
                                                host.config().message_bytes_max)
                                              + read_ahead_bytes},
    remote_{std::move(remote)} {}

void http_session::start(bool full) {
  full_ = full;
  begun_ = clock::now();
  enter(phase::opening, host_.config().handshake_timeout);
  line_->open(shared_from_this());
}

void http_session::on_open(error_code failed) {
  if (phase_ == phase::closed)
    return;
  if (failed)
    return close();
  if (!full_)
    return wait_for_request();
  id_ = host_.new_request_id();
  refuse_request(
    make_problem(503, "limit_reached",
                 "there are too many connections; the limit is "
                   + std::to_string(host_.config().connections_max)));
}

void http_session::drain() {
  if (phase_ == phase::idle || phase_ == phase::opening)
    close();
  else if (auto x = lasting_)
    x->on_drain();
}

void http_session::close() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  ++lap_;
  timer_.cancel();
  line_->close();
  if (auto ex = std::exchange(exchange_, nullptr))
    ex->abandon();
  if (auto x = std::exchange(lasting_, nullptr))
    x->on_gone();
  host_.let_go(std::exchange(held_, 0));
  host_.closed(*this);
}

// -- time ---------------------------------------------------------------------

void http_session::enter(phase next, std::chrono::milliseconds limit) {
  phase_ = next;
  expire_in(limit);
}

// Most deadlines are replaced by a later one before they are due, so the timer
// is left alone and looks again when it fires.
void http_session::expire_in(std::chrono::milliseconds limit) {
  if (phase_ == phase::closed)
    return;
  if (limit == std::chrono::milliseconds::max()) {
    due_ = clock::time_point::max();
    return;
  }
  due_ = clock::now() + limit;
  if (due_ < armed_)
    arm();
}

void http_session::arm() {
  armed_ = due_;
  timer_.expires_at(due_);
  timer_.async_wait([weak = weak_from_this(), lap = ++lap_](error_code) {
    // A wait that was replaced may still be on its way.
    if (auto self = weak.lock())
      self->on_timer(lap);
  });
}

void http_session::on_timer(uint64_t lap) {
  if (lap != lap_ || phase_ == phase::closed)
    return;
  armed_ = clock::time_point::max();
  if (due_ > clock::now()) {
    if (due_ != clock::time_point::max())
      arm();
    return;
  }
  on_deadline();
}

void http_session::on_deadline() {
  switch (phase_) {
    case phase::reading:
      return refuse_request(make_problem(408, "request_timeout",
                                         "the request did not arrive in time"));
    case phase::answering:
      exchange_->abandon();
      return write(
        make_problem(504, "timeout", "the daemon did not answer in time"));
    case phase::lasting: {
      auto x = lasting_;
      return x->on_deadline();
    }
    default:
      close();
  }
}

// -- reading ------------------------------------------------------------------

void http_session::wait_for_request() {
  if (host_.draining())
    return close();
  if (buffer_.size() > 0)
    return begin_request();
  if (input_ended_)
    return close();
  if (!reading_ && buffer_.capacity() > idle_buffer_bytes_max)
    buffer_.reset();
  enter(phase::idle, host_.config().idle_timeout);
  read();
}

void http_session::read() {
  const auto room = buffer_.room();
  const bool body = phase_ == phase::reading && head_taken_;
  if (!reading_ && !input_ended_ && room > 0)
    read_into(std::min(room, body ? body_read_bytes : head_read_bytes), false);
}

void http_session::read_into(size_t bytes, bool rest) {
  reading_ = true;
  auto room = buffer_.prepare(bytes);
  asio::mutable_buffer into{room.data(), room.size()};
  if (rest)
    line_->read_rest(into, shared_from_this());
  else
    line_->read(into, shared_from_this());
}

void http_session::on_read(error_code failed, size_t bytes) {
  reading_ = false;
  if (phase_ == phase::closed)
    return;
  if (failed) {
    input_ended_ = true;
    return on_end_of_input(failed);
  }
  buffer_.commit(bytes);
  on_input();
}

void http_session::on_input() {
  switch (phase_) {
    case phase::idle:
      return begin_request();
    case phase::reading:
      return parse();
    case phase::lasting: {
      auto x = lasting_;
      x->on_bytes(buffer_);
      if (phase_ == phase::lasting)
        read();
      return;
    }
    case phase::lingering:
      buffer_.consume(buffer_.size());
      return read_rest();
    default:
      return; // The next request; its turn comes.
  }
}

void http_session::on_end_of_input(error_code failed) {
  switch (phase_) {
    case phase::reading:
      if (failed == asio::error::eof)
        return on_read_error(http::error::partial_message);
      return close();
    case phase::idle:
    case phase::lingering:
      return close();
    case phase::lasting: {
      auto x = lasting_;
      return x->on_end_of_input();
    }
    default:
      return; // Who sends nothing any more may still wait for an answer.
  }
}

void http_session::begin_request() {
  enter(phase::reading, host_.config().read_timeout);
  reader_.emplace(host_.config());
  head_taken_ = false;
  keep_alive_ = false;
  no_body_ = false;
  gzip_ = false;
  version_ = 11;
  begun_ = clock::now();
  id_ = host_.new_request_id();
  parse();
}

void http_session::parse() {
  while (phase_ == phase::reading) {
    size_t used = 0;
    error_code failed;
    auto step = reader_->feed(buffer_.text(), used, failed);
    buffer_.consume(used);
    if (step == request_reader::step::failed)
      return on_read_error(failed);
    if (step != request_reader::step::need_more && !head_taken_ && !take_head())
      return;
    if (!hold_body())
      return;
    if (step == request_reader::step::done)
      return handle();
    if (step == request_reader::step::head_done)
      continue;
    if (buffer_.room() == 0)
      return on_read_error(http::error::buffer_overflow);
    return read();
  }
}

// Says whether the request may go on.
bool http_session::take_head() {
  head_taken_ = true;
  version_ = reader_->version;
  auto& request = reader_->request;
  no_body_ = request.method == "HEAD";
  gzip_ = accepts_gzip(request.field("accept-encoding"));
  if (!request.id.empty())
    id_ = request.id;
  request.id = id_;
  request.remote = remote_;
  if (auto refusal = check_head()) {
    refuse_request(std::move(*refusal));
    return false;
  }
  if (reader_->expects_continue())
    push({"HTTP/1.1 100 Continue\r\n\r\n", {}, {}, {}});
  return true;
}

// Says whether there is room for the body so far.
bool http_session::hold_body() {
  const auto size = reader_->request.body.size();
  const auto more = size - held_;
  if (more == 0)
    return true;
  held_ = size;
  if (host_.hold(more))
    return true;
  refuse_request(make_problem(
    503, "limit_reached",
    "the bodies of all requests have more than "
      + std::to_string(host_.config().bodies_bytes_max) + " bytes"));
  return false;
}

// These two are for proxies.
std::optional<http_answer> http_session::check_method() const {
  const auto& method = reader_->request.method;
  if (method != "TRACE" && method != "CONNECT")
    return std::nullopt;
  auto out = make_problem(405, "method_not_allowed", method + " is not served");
  out.headers.emplace_back("Allow", "DELETE, GET, HEAD, OPTIONS, POST, PUT");
  return out;
}

// What is wrong with the head of the request.
std::optional<http_answer> http_session::check_head() {
  if (auto refusal = check_method())
    return refusal;
  const auto& target = reader_->target;
  const auto limit = host_.config().target_bytes_max;
  if (target.size() > limit)
    return make_problem(414, "target_too_long",
                        "the request target has more than "
                          + std::to_string(limit) + " bytes");
  if (auto refusal = reader_->check_framing())
    return refusal;
  if (auto wrong = read_target(target, reader_->request); !wrong.empty())
    return make_problem(400, "bad_request", std::move(wrong));
  return host_.check(reader_->request);
}

// What of the head is too long: its first line has not even been parsed, or the
// fields go on and on.
unsigned http_session::head_too_long() const {
  return reader_->has_target() ? 431 : 414;
}

void http_session::on_read_error(error_code failed) {
  const auto& config = host_.config();
  if (failed == http::error::body_limit)
    return refuse_request(make_problem(413, "body_too_large",
                                       "the body has more than "
                                         + std::to_string(config.body_bytes_max)
                                         + " bytes"));
  if (reader_->has_too_many_fields())
    return refuse_request(make_problem(431, "header_too_large",
                                       "the head of the request has more than "
                                         + std::to_string(config.headers_max)
                                         + " fields"));
  if (failed == http::error::header_limit
      || (failed == http::error::buffer_overflow && !head_taken_)) {
    auto status = head_too_long();
    return refuse_request(make_problem(
      status, status == 414 ? "target_too_long" : "header_too_large",
      "the head of the request has more than "
        + std::to_string(config.header_bytes_max) + " bytes"));
  }
  if (reader_->is_of_other_version())
    return refuse_request(make_problem(505, "version_not_supported",
                                       "the versions of HTTP are 1.1 and 1.0"));
  refuse_request(make_problem(400, "bad_request",
                              "the request is malformed: " + failed.message()));
}

// -- answering ----------------------------------------------------------------

void http_session::handle() {
  keep_alive_ = reader_->keeps_alive();
  enter(phase::answering, host_.config().request_timeout);
  auto ex = host_.make_exchange(std::move(reader_->request), weak_from_this(),
                                ++round_);
  exchange_ = ex; // Let go as soon as it is answered, maybe at once.
  host_.handle(ex);
}

// Answers a request that was not read to its end: what follows in the stream
// means nothing, so the connection ends with the answer.
void http_session::refuse_request(http_answer x) {
  keep_alive_ = false;
  write(std::move(x));
}

void http_session::answer(uint64_t round, http_answer x) {
  if (waits_for(round))
    write(std::move(x));
}

void http_session::write(http_answer x) {
  enter(phase::writing, host_.config().write_timeout);
  if (!may_encode(x, host_.config().gzip_bytes_min))
    return send(std::move(x), true);
  x.headers.emplace_back("Vary", "Accept-Encoding");
  if (!gzip_)
    return send(std::move(x), true);
  if (no_body_)
    return send(std::move(x), false);
  auto body = std::exchange(x.body, {});
  auto done = [self = shared_from_this(),
               x = std::move(x)](std::string text, std::string gzip) mutable {
    if (self->phase_ != phase::writing)
      return;
    if (!gzip.empty())
      x.headers.emplace_back("Content-Encoding", "gzip");
    x.body = std::move(gzip.empty() ? text : gzip);
    self->send(std::move(x), true);
  };
  host_.encode(std::move(body), std::move(done));
}

void http_session::send(http_answer x, bool tell_length) {
  log(x);
  std::string framing;
  if (tell_length && x.status != 204 && x.status != 304)
    framing = "Content-Length: " + std::to_string(x.body.size()) + "\r\n";
  auto head = make_head(x, framing);
  if (no_body_)
    x.body.clear();
  if (x.body.size() <= joined_body_bytes_max)
    head += std::exchange(x.body, {});
  push({std::move(head), std::move(x.body), {}, {}});
}

void http_session::log(const http_answer& x) const {
  log_answer(x, current(), id_, clock::now() - begun_);
}

const http_request* http_session::current() const {
  if (exchange_)
    return &exchange_->request();
  return reader_ ? &reader_->request : nullptr;
}

// Knows from here on whether the connection is kept.
std::string http_session::make_head(const http_answer& x,
                                    std::string_view framing) {
  static const header_fields none;
  keep_alive_ = keep_alive_ && !host_.draining();
  std::string_view connection;
  if (!keep_alive_)
    connection = "Connection: close\r\n";
  else if (version_ < 11)
    connection = "Connection: keep-alive\r\n";
  const auto* request = current();
  if (request != nullptr)
    host_.answered(*request, x.status);
  return answer_head(x, request != nullptr ? request->answer_fields : none, id_,
                     host_.http_date(), framing, connection,
                     std::min(x.body.size(), joined_body_bytes_max));
}

void http_session::push(outbox::piece x) {
  if (phase_ == phase::closed)
    return;
  out_.push(std::move(x));
  flush();
}

size_t http_session::unsent() const {
  return phase_ == phase::closed ? 0 : out_.bytes();
}

void http_session::flush() {
  if (writing_ || out_.empty())
    return;
  writing_ = true;
  line_->write(out_.view(), shared_from_this());
}

void http_session::on_written(error_code failed, size_t bytes) {
  writing_ = false;
  if (phase_ == phase::closed)
    return;
  if (failed)
    return close();
  out_.sent(bytes);
  flush();
  if (auto x = lasting_)
    x->on_sent();
  else if (phase_ == phase::writing)
    out_.empty() ? on_all_sent() : expire_in(host_.config().write_timeout);
}

void http_session::on_all_sent() {
  exchange_ = nullptr;
  host_.let_go(std::exchange(held_, 0));
  if (keep_alive_)
    wait_for_request();
  else
    linger();
}

// Closing while bytes wait to be read would make the system throw the answer
// away, so they are read first.
void http_session::linger() {
  enter(phase::lingering, linger_timeout);
  line_->finish(shared_from_this());
}

void http_session::on_finished() {
  if (phase_ == phase::closed)
    return;
  if (input_ended_)
    return close();
  read_rest();
}

void http_session::read_rest() {
  buffer_.consume(buffer_.size());
  if (!reading_)
    read_into(head_read_bytes, true);
}

} // namespace quaero
