#pragma once

#include "actors/gateway/gateway.hpp"
#include "actors/gateway/http_message.hpp"
#include "actors/gateway/input_buffer.hpp"
#include "actors/gateway/line.hpp"
#include "actors/gateway/long_answer.hpp"
#include "actors/gateway/outbox.hpp"
#include "actors/gateway/request_reader.hpp"
#include "actors/gateway/streaming.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

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
  virtual boost::asio::io_context& io() = 0;

  /// No new request is taken any more.
  virtual bool draining() const = 0;

  virtual std::string new_request_id() = 0;

  /// The time as a Date field has it.
  virtual std::string_view http_date() = 0;

  /// Counts the bodies of all requests. Says whether they are within the limit.
  virtual bool hold(size_t bytes) = 0;
  virtual void let_go(size_t bytes) = 0;

  /// The text as gzip, "" if that fails; later if the text is large.
  virtual void
  encode(std::string text,
         std::function<void(std::string text, std::string gzip)> done)
    = 0;

  /// What is wrong with the head of a request, before its body is read.
  /// Fills what the gateway adds to a request.
  virtual std::optional<http_answer> check(http_request& request) = 0;

  /// The request, checked or not, gets an answer with that status.
  virtual void answered(const http_request& request, unsigned status) = 0;

  /// What answers the request to `sink`, at most once, after handle().
  virtual std::shared_ptr<exchange>
  make_exchange(http_request request, std::weak_ptr<answer_sink> sink,
                uint64_t round)
    = 0;
  virtual void handle(const std::shared_ptr<exchange>& ex) = 0;

  /// The session is over.
  virtual void closed(http_session& session) = 0;
};

/// One HTTP/1.1 connection: reads a request, has it answered, writes the
/// answer, and so on. What a client sends ahead waits in the socket. An answer
/// that lasts takes the connection over until it releases it.
/// Threads: the gateway's only. Must not outlive its host.
class http_session final : public line_owner,
                           public wire,
                           public answer_sink,
                           public std::enable_shared_from_this<http_session> {
public:
  /// @param remote the address at the other end.
  http_session(std::unique_ptr<line> connection, std::string remote,
               session_host& host);

  /// Serves the connection.
  /// @param full answers 503 without reading, and closes.
  void start(bool full);

  /// Closes at once, or after the answer in flight.
  void drain();

  /// Closes at once.
  void close();

  /// Who asked for the answer that lasts, or null if none does.
  const api_caller* lasting_caller() const {
    return lasting_ ? &caller_ : nullptr;
  }
  bool is_web_socket() const { return lasting_ && upgraded_; }

  void on_open(error_code failed) override;
  void on_read(error_code failed, size_t bytes) override;
  void on_written(error_code failed, size_t bytes) override;
  void on_finished() override;

  void push(outbox::piece x) override;
  size_t unsent() const override;
  void expire_in(std::chrono::milliseconds limit) override;
  void release(bool reusable) override;
  void cut() override;

  void answer(uint64_t round, http_answer x) override;
  std::shared_ptr<answer_stream> open_stream(uint64_t round,
                                             http_answer head) override;
  void upgrade(uint64_t round, const http_request& request,
               const socket_handler& ready) override;

private:
  using clock = std::chrono::steady_clock;

  /// What the session waits for, and so what a timeout means.
  enum class phase {
    opening,
    idle,
    reading,
    answering,
    lasting, ///< An answer that lasts has the connection.
    writing,
    lingering,
    closed,
  };

  void enter(phase next, std::chrono::milliseconds limit);
  void arm();
  void on_timer(uint64_t lap);
  void on_deadline();

  void wait_for_request();
  void read();
  void on_input();
  void on_end_of_input(error_code failed);
  void begin_request();
  void parse();
  bool take_head();
  bool hold_body();
  std::optional<http_answer> check_method() const;
  std::optional<http_answer> check_head();
  void on_read_error(error_code failed);
  unsigned head_too_long() const;

  void handle();
  void refuse_request(http_answer x);
  void write(http_answer x);
  void send(http_answer x, bool tell_length);
  void log(const http_answer& x) const;
  std::string make_head(const http_answer& x, std::string_view framing);
  void flush();
  void on_all_sent();
  void begin_lasting(std::shared_ptr<long_answer> x);
  void read_into(size_t bytes, bool rest);
  void linger();
  void read_rest();

  /// The request that is being answered, or null if none was begun.
  const http_request* current() const;

  bool waits_for(uint64_t round) const {
    return phase_ == phase::answering && round == round_;
  }

  std::unique_ptr<line> line_;
  session_host& host_;
  boost::asio::steady_timer timer_;
  clock::time_point due_;   ///< When the phase is over.
  clock::time_point armed_; ///< When the timer looks; never after `due_`.
  uint64_t lap_ = 0;        ///< Tells waits of the timer apart.

  input_buffer buffer_;
  outbox out_;
  std::optional<request_reader> reader_;
  std::shared_ptr<exchange> exchange_;
  std::shared_ptr<long_answer> lasting_;

  uint64_t round_ = 0; ///< Tells requests apart.
  phase phase_ = phase::opening;
  bool full_ = false;
  bool head_taken_ = false;
  bool keep_alive_ = false;
  bool no_body_ = false; ///< The request is HEAD.
  bool gzip_ = false;    ///< The client takes it.
  bool reading_ = false; ///< The line reads.
  bool writing_ = false; ///< The line writes.
  bool input_ended_ = false;
  unsigned version_ = 11;
  std::string id_;  ///< Of the request.
  size_t held_ = 0; ///< Bytes of its body.
  clock::time_point begun_;
  std::string remote_;
  api_caller caller_;     ///< Of the answer that lasts.
  bool upgraded_ = false; ///< It is a WebSocket.
};

} // namespace quaero
