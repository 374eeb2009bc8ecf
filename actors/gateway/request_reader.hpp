#pragma once

#include "actors/gateway/gateway.hpp"
#include "actors/gateway/http_message.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace quaero {

/// Reads one HTTP/1 request from the front of a stream of bytes, straight into
/// the request that its route will see.
/// Errors: those of Beast, which refuses what RFC 9112 refuses; `folded` lines
/// and too many fields are refused as well.
class request_reader final : private boost::beast::http::basic_parser<true> {
public:
  using error_code = boost::system::error_code;

  explicit request_reader(const gateway_config& limits);

  enum class step { need_more, head_done, done, failed };

  /// Takes what it can from the front of `bytes`. After `head_done` the
  /// request's body begins with the next call.
  /// @param used how many bytes it took.
  step feed(std::string_view bytes, size_t& used, error_code& failed);

  /// What is wrong with a head that was read, beyond its grammar: fields that
  /// two readers may understand in two ways lead to a request that only one
  /// of them sees.
  std::optional<http_answer> check_framing() const;

  /// Whether the connection may serve another request.
  bool keeps_alive() const { return keep_alive(); }
  /// Whether the client waits for leave to send the body.
  bool expects_continue() const;
  bool has_target() const { return !target.empty(); }
  /// Whether its first line is fine but for the version of HTTP.
  bool is_of_other_version() const { return other_version_; }
  bool has_too_many_fields() const { return fields_ > limits_.headers_max; }

  http_request request;
  std::string target; ///< As sent.
  unsigned version = 11;

private:
  using string_view = boost::beast::string_view;
  using field = boost::beast::http::field;

  step feed_body(std::string_view bytes, size_t& used, error_code& failed);

  void on_request_impl(boost::beast::http::verb, string_view method,
                       string_view what, int number, error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field name, string_view text, string_view val,
                     error_code& failed) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>& length,
                         error_code&) override;
  size_t on_body_impl(string_view bytes, error_code&) override;
  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, string_view bytes, error_code&) override;
  void on_finish_impl(error_code&) override {}

  const gateway_config& limits_;
  size_t head_bytes_ = 0;
  size_t body_bytes_ = 0; ///< As sent, with all that chunks add.
  size_t fields_ = 0;
  bool other_version_ = false;
  unsigned hosts_ = 0;
  unsigned lengths_ = 0;
  std::optional<std::string> encoding_;
  std::optional<std::string> expect_;
};

} // namespace quaero
