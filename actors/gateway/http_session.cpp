#include "actors/gateway/http_session.hpp"

#include "actors/gateway/exchange.hpp"
#include "actors/gateway/problem.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <ctime>

namespace quaero {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// What a connection reads ahead beside the head of a request.
constexpr size_t read_ahead_bytes = 64 * 1024;
/// How long a refused client may go on sending before the line is cut.
constexpr std::chrono::milliseconds linger_timeout = std::chrono::seconds{1};
constexpr size_t linger_read_bytes = 16 * 1024;
/// Method, version and blanks of a request line.
constexpr size_t request_line_extra = 32;

std::string to_text(boost::beast::string_view x) {
  return {x.data(), x.size()};
}

std::string http_date() {
  auto now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char out[40];
  auto size
    = std::strftime(out, sizeof(out), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {out, size};
}

bool expects_continue(const http::request_header<>& head) {
  return boost::beast::iequals(head[http::field::expect], "100-continue");
}

// Fields that two readers may understand in two ways lead to a request that
// only one of them sees.
std::optional<http_answer> check_framing(const http::request_header<>& head) {
  if (head.count(http::field::content_length) > 1)
    return make_problem(400, "bad_request",
                        "there is more than one Content-Length field");
  auto encoding = head.find(http::field::transfer_encoding);
  if (encoding != head.end()
      && !boost::beast::iequals(encoding->value(), "chunked"))
    return make_problem(501, "not_implemented",
                        "the only transfer encoding is chunked");
  if (encoding != head.end() && head.version() < 11)
    return make_problem(400, "bad_request",
                        "HTTP/1.0 has no transfer encodings");
  if (head.count(http::field::host) > 1
      || (head.version() >= 11 && head.count(http::field::host) == 0))
    return make_problem(400, "bad_request",
                        "a request has exactly one Host field");
  auto expect = head.find(http::field::expect);
  if (expect != head.end() && !expects_continue(head))
    return make_problem(417, "bad_request",
                        "the only expectation is 100-continue");
  return std::nullopt;
}

} // namespace

http_session::http_session(asio::ip::tcp::socket socket, session_host& host)
  : socket_{std::move(socket)}, timer_{socket_.get_executor()}, host_{host},
    buffer_{host.config().header_bytes_max + read_ahead_bytes} {}

void http_session::start() {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
  wait_for_request();
}

void http_session::refuse() {
  request_.id = host_.new_request_id();
  refuse_request(
    make_problem(503, "limit_reached",
                 "there are too many connections; the limit is "
                   + std::to_string(host_.config().connections_max)));
}

void http_session::drain() {
  if (phase_ == phase::idle)
    close();
}

void http_session::close() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  ++round_;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  if (auto ex = exchange_.lock())
    ex->abandon();
  host_.closed(*this);
}

// -- time ---------------------------------------------------------------------

void http_session::enter(phase next, std::chrono::milliseconds limit) {
  phase_ = next;
  auto round = ++round_;
  timer_.expires_after(limit);
  timer_.async_wait([self = shared_from_this(), round](error_code) {
    // A round that is over may still have its timer in the queue.
    if (round == self->round_)
      self->on_timeout();
  });
}

void http_session::on_timeout() {
  switch (phase_) {
    case phase::reading: {
      timed_out_ = true;
      error_code ignored;
      socket_.cancel(ignored);
      return;
    }
    case phase::answering:
      if (auto ex = exchange_.lock())
        ex->abandon();
      return write(
        make_problem(504, "timeout", "the daemon did not answer in time"));
    default:
      close();
  }
}

// -- reading ------------------------------------------------------------------

void http_session::wait_for_request() {
  if (host_.draining())
    return close();
  if (buffer_.size() > 0)
    return read_head();
  enter(phase::idle, host_.config().idle_timeout);
  constexpr size_t first_read_bytes = 4096;
  socket_.async_read_some(
    buffer_.prepare(first_read_bytes),
    [self = shared_from_this()](error_code failed, size_t n) {
      if (failed || self->phase_ == phase::closed)
        return self->close();
      self->buffer_.commit(n);
      self->read_head();
    });
}

void http_session::read_head() {
  enter(phase::reading, host_.config().read_timeout);
  request_ = {};
  request_.id = host_.new_request_id();
  version_ = 11;
  keep_alive_ = false;
  parser_.emplace();
  parser_->header_limit(
    static_cast<std::uint32_t>(host_.config().header_bytes_max));
  parser_->body_limit(host_.config().body_bytes_max);
  http::async_read_header(
    socket_, buffer_, *parser_,
    [self = shared_from_this()](error_code failed, size_t bytes) {
      // The parser's own limit is for what it holds at a time.
      if (!failed && bytes > self->host_.config().header_bytes_max)
        failed = http::error::header_limit;
      self->on_head(failed);
    });
}

void http_session::on_head(error_code failed) {
  if (phase_ == phase::closed)
    return;
  if (failed)
    return on_read_error(failed);
  if (auto refusal = take_head())
    return refuse_request(std::move(*refusal));
  if (parser_->is_done())
    return handle();
  if (!expects_continue(parser_->get()))
    return read_body();
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(go_on),
                    [self = shared_from_this()](error_code not_sent, size_t) {
                      if (self->phase_ == phase::closed)
                        return;
                      if (not_sent)
                        return self->on_read_error(not_sent);
                      self->read_body();
                    });
}

// Fills the request from its head; says what is wrong with it.
std::optional<http_answer> http_session::take_head() {
  const auto& head = parser_->get();
  version_ = head.version();
  auto id = to_text(head["X-Request-ID"]);
  if (is_request_id(id))
    request_.id = std::move(id);
  request_.method = to_text(head.method_string());
  request_.host = to_text(head[http::field::host]);
  request_.origin = to_text(head[http::field::origin]);
  for (auto name : kept_fields())
    if (auto i = head.find({name.data(), name.size()}); i != head.end())
      request_.fields.emplace_back(name, to_text(i->value()));
  auto target = head.target();
  if (target.size() > host_.config().target_bytes_max)
    return make_problem(414, "target_too_long",
                        "the request target has more than "
                          + std::to_string(host_.config().target_bytes_max)
                          + " bytes");
  if (auto refusal = check_framing(head))
    return refusal;
  if (auto wrong = read_target({target.data(), target.size()}, request_);
      !wrong.empty())
    return make_problem(400, "bad_request", std::move(wrong));
  return host_.check(request_);
}

void http_session::read_body() {
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](error_code failed, size_t) {
                     self->on_body(failed);
                   });
}

void http_session::on_body(error_code failed) {
  if (phase_ == phase::closed)
    return;
  if (failed)
    return on_read_error(failed);
  handle();
}

// What of the head is too long: its first line has not even been parsed, or the
// fields go on and on.
unsigned http_session::head_too_long() const {
  return parser_->get().target().empty() ? 414 : 431;
}

void http_session::on_read_error(error_code failed) {
  const auto& config = host_.config();
  if (timed_out_)
    return refuse_request(make_problem(408, "request_timeout",
                                       "the request did not arrive in time"));
  if (failed == http::error::body_limit)
    return refuse_request(make_problem(413, "body_too_large",
                                       "the body has more than "
                                         + std::to_string(config.body_bytes_max)
                                         + " bytes"));
  if (failed == http::error::header_limit
      || failed == http::error::buffer_overflow) {
    auto status = head_too_long();
    return refuse_request(make_problem(
      status, status == 414 ? "target_too_long" : "header_too_large",
      "the head of the request has more than "
        + std::to_string(config.header_bytes_max) + " bytes"));
  }
  const bool of_http
    = failed.category()
      == http::make_error_code(http::error::bad_method).category();
  if (!of_http || failed == http::error::end_of_stream)
    return close(); // The client went away.
  refuse_request(make_problem(400, "bad_request",
                              "the request is malformed: " + failed.message()));
}

// -- answering ----------------------------------------------------------------

void http_session::handle() {
  keep_alive_ = parser_->get().keep_alive();
  request_.body = std::move(parser_->get().body());
  enter(phase::answering, host_.config().request_timeout);
  auto round = round_;
  auto done = [weak = weak_from_this(), round](http_answer x) {
    auto self = weak.lock();
    if (self && self->round_ == round)
      self->write(std::move(x));
  };
  auto head_and_id
    = http_request{request_.method, {}, {}, {}, {}, {}, {}, request_.id, {}};
  exchange_ = host_.handle(std::exchange(request_, std::move(head_and_id)),
                           std::move(done));
}

// Answers a request that was not read to its end: what follows in the stream
// means nothing, so the connection ends with the answer.
void http_session::refuse_request(http_answer x) {
  keep_alive_ = false;
  write(std::move(x));
}

void http_session::write(http_answer x) {
  enter(phase::writing, host_.config().write_timeout);
  keep_alive_ = keep_alive_ && !host_.draining();
  auto& out = response_.emplace();
  out.result(x.status);
  out.version(version_);
  out.keep_alive(keep_alive_);
  out.set(http::field::date, http_date());
  out.set("X-Request-ID", request_.id);
  out.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, val] : x.headers)
    out.set(name, val);
  if (!x.content_type.empty())
    out.set(http::field::content_type, x.content_type);
  if (x.status != 204)
    out.content_length(x.body.size());
  out.body() = std::move(x.body);
  serializer_.emplace(out);
  auto written = [self = shared_from_this()](error_code failed, size_t) {
    self->on_written(failed);
  };
  if (request_.method == "HEAD")
    http::async_write_header(socket_, *serializer_, std::move(written));
  else
    http::async_write(socket_, *serializer_, std::move(written));
}

void http_session::on_written(error_code failed) {
  if (phase_ == phase::closed)
    return;
  if (failed)
    return close();
  if (keep_alive_)
    wait_for_request();
  else
    linger();
}

// Closing while bytes wait to be read would make the system throw the answer
// away, so they are read first.
void http_session::linger() {
  enter(phase::lingering, linger_timeout);
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  rest_.resize(linger_read_bytes);
  read_rest();
}

void http_session::read_rest() {
  socket_.async_read_some(asio::buffer(rest_), [self = shared_from_this()](
                                                 error_code failed, size_t) {
    if (failed || self->phase_ == phase::closed)
      return self->close();
    self->read_rest();
  });
}

} // namespace quaero
