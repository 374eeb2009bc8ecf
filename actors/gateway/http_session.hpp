#pragma once

#include "actors/gateway/gateway.hpp"
#include "actors/gateway/http_message.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace quaero {

class exchange;
class http_session;

/// What a session needs of the gateway.
class session_host {
public:
  virtual ~session_host() = default;

  virtual const gateway_config& config() const = 0;

  /// No new request is taken any more.
  virtual bool draining() const = 0;

  virtual std::string new_request_id() = 0;

  /// What is wrong with the head of a request, before its body is read.
  virtual std::optional<http_answer> check(const http_request& request) = 0;

  /// Answers the request, now or later, at most once.
  /// @returns what can be abandoned if that takes too long.
  virtual std::shared_ptr<exchange>
  handle(http_request request, std::function<void(http_answer)> done) = 0;

  /// The session is over.
  virtual void closed(http_session& session) = 0;
};

/// One HTTP/1.1 connection: reads a request, has it answered, writes the
/// answer, and so on. What a client sends ahead waits in the socket.
/// Threads: the gateway's only. Must not outlive its host.
class http_session : public std::enable_shared_from_this<http_session> {
public:
  http_session(boost::asio::ip::tcp::socket socket, session_host& host);

  /// Serves the connection.
  void start();

  /// Answers 503 without reading and closes.
  void refuse();

  /// Closes at once, or after the answer in flight.
  void drain();

  /// Closes at once.
  void close();

private:
  using error_code = boost::system::error_code;
  using parser
    = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using response
    = boost::beast::http::response<boost::beast::http::string_body>;
  using serializer
    = boost::beast::http::response_serializer<boost::beast::http::string_body>;

  /// What the session waits for, and so what a timeout means.
  enum class phase { idle, reading, answering, writing, lingering, closed };

  void enter(phase next, std::chrono::milliseconds limit);
  void on_timeout();

  void wait_for_request();
  void read_head();
  void on_head(error_code failed);
  std::optional<http_answer> take_head();
  void read_body();
  void on_body(error_code failed);
  void on_read_error(error_code failed);
  unsigned head_too_long() const;

  void handle();
  void refuse_request(http_answer x);
  void write(http_answer x);
  void on_written(error_code failed);
  void linger();
  void read_rest();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  session_host& host_;
  boost::beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  http_request request_;
  std::optional<response> response_;
  std::optional<serializer> serializer_;
  std::weak_ptr<exchange> exchange_;
  std::string rest_; ///< What is thrown away after a refusal.
  phase phase_ = phase::idle;
  uint64_t round_ = 0; ///< Tells the timers of the phases apart.
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool timed_out_ = false;
};

} // namespace quaero
