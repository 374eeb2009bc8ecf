#include "actors/gateway/request_reader.hpp"

#include "actors/gateway/problem.hpp"

#include <algorithm>

namespace quaero {

namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

/// Room made for a body before it has arrived.
constexpr uint64_t body_reserve_max = 256 * 1024;
/// What chunks may add to a body, beside its size.
constexpr size_t chunk_overhead_base = 64 * 1024;
constexpr size_t chunk_overhead_factor = 8;

// A line that goes on in the next one; readers differ in what that means.
bool has_folded_line(std::string_view head) {
  return head.find("\r\n ") != std::string_view::npos
         || head.find("\r\n\t") != std::string_view::npos;
}

// "GET / HTTP/2.0".
bool names_other_version(std::string_view text) {
  constexpr std::string_view name = " HTTP/";
  constexpr size_t number = 3; // "2.0"
  auto line = text.substr(0, std::min(text.find("\r\n"), text.size()));
  if (line.size() < name.size() + number)
    return false;
  auto version = line.substr(line.size() - number);
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return line.substr(0, line.size() - number).ends_with(name)
         && is_digit(version[0]) && version[1] == '.' && is_digit(version[2])
         && version != "1.1" && version != "1.0";
}

const std::string_view* find_kept(boost::beast::string_view name) {
  for (const auto& x : kept_fields())
    if (x.size() == name.size() && iequals({x.data(), x.size()}, name))
      return &x;
  return nullptr;
}

http_answer bad(std::string why) {
  return make_problem(400, "bad_request", std::move(why));
}

} // namespace

request_reader::request_reader(const gateway_config& limits) : limits_{limits} {
  header_limit(static_cast<uint32_t>(limits.header_bytes_max));
  body_limit(limits.body_bytes_max);
}

request_reader::step request_reader::feed(std::string_view bytes, size_t& used,
                                          error_code& failed) {
  used = 0;
  if (is_header_done())
    return feed_body(bytes, used, failed);
  // Beast takes the first line and the fields one after the other.
  auto all = bytes;
  while (!is_header_done()) {
    auto n = put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
    used += n;
    bytes.remove_prefix(n);
    head_bytes_ += n;
    if (failed)
      break;
  }
  if (failed == http::error::need_more) {
    failed = {};
    if (head_bytes_ + bytes.size() <= limits_.header_bytes_max)
      return step::need_more;
    failed = http::error::header_limit;
  } else if (!failed) {
    // The parser's own limit is for what it holds at a time.
    if (head_bytes_ > limits_.header_bytes_max)
      failed = http::error::header_limit;
    else if (has_folded_line(all.substr(0, used)))
      failed = http::error::bad_field;
  }
  other_version_
    = failed == http::error::bad_version && names_other_version(bytes);
  if (failed)
    return step::failed;
  eager(true);
  return is_done() ? step::done : step::head_done;
}

request_reader::step request_reader::feed_body(std::string_view bytes,
                                               size_t& used,
                                               error_code& failed) {
  if (is_done())
    return step::done;
  used = put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
  body_bytes_ += used;
  if (failed == http::error::need_more)
    failed = {};
  const auto size = request.body.size();
  if (!failed
      && body_bytes_ > size * (1 + chunk_overhead_factor) + chunk_overhead_base)
    failed = http::error::bad_chunk;
  if (failed)
    return step::failed;
  return is_done() ? step::done : step::need_more;
}

bool request_reader::expects_continue() const {
  return expect_ && iequals(*expect_, "100-continue");
}

std::optional<http_answer> request_reader::check_framing() const {
  if (lengths_ > 1)
    return bad("there is more than one Content-Length field");
  if (encoding_ && !iequals(*encoding_, "chunked"))
    return make_problem(501, "not_implemented",
                        "the only transfer encoding is chunked");
  if (encoding_ && version < 11)
    return bad("HTTP/1.0 has no transfer encodings");
  if (hosts_ > 1 || (version >= 11 && hosts_ == 0))
    return bad("a request has exactly one Host field");
  if (expect_ && !expects_continue())
    return make_problem(417, "bad_request",
                        "the only expectation is 100-continue");
  return std::nullopt;
}

void request_reader::on_request_impl(http::verb, string_view method,
                                     string_view what, int number,
                                     error_code&) {
  request.method.assign(method.data(), method.size());
  target.assign(what.data(), what.size());
  version = static_cast<unsigned>(number);
}

void request_reader::on_field_impl(field name, string_view text,
                                   string_view val, error_code& failed) {
  if (++fields_ > limits_.headers_max) {
    failed = http::error::header_limit;
    return;
  }
  std::string value_text{val.data(), val.size()};
  switch (name) {
    case field::host:
      ++hosts_;
      request.host = std::move(value_text);
      return;
    case field::origin:
      request.origin = std::move(value_text);
      return;
    case field::content_length:
      ++lengths_;
      return;
    case field::transfer_encoding:
      // Several fields are one list.
      encoding_ = encoding_ ? *encoding_ + "," + value_text : value_text;
      return;
    case field::expect:
      expect_ = std::move(value_text);
      return;
    default:
      break;
  }
  if (iequals(text, "X-Request-ID")) {
    if (is_request_id(value_text))
      request.id = std::move(value_text);
  } else if (auto* kept = find_kept(text)) {
    request.fields.emplace_back(*kept, std::move(value_text));
  }
}

void request_reader::on_body_init_impl(const boost::optional<uint64_t>& length,
                                       error_code&) {
  if (length)
    request.body.reserve(std::min(*length, body_reserve_max));
}

size_t request_reader::on_body_impl(string_view bytes, error_code&) {
  request.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

size_t request_reader::on_chunk_body_impl(uint64_t, string_view bytes,
                                          error_code&) {
  request.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

} // namespace quaero
