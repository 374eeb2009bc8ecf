#include "actors/nodes/enrolment.hpp"

#include "actors/nodes/tls_contexts.hpp"
#include "actors/nodes/tunnel_line.hpp"
#include "definitions/error.hpp"
#include "definitions/json.hpp"
#include "definitions/log.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace quaero {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

enrolment_answer refuse(const std::string& why) {
  return {to_json(value::make_object({{"error", why}})), {}};
}

std::string to_text(const issued_certificate& x) {
  value::array workers;
  for (const auto& worker : x.workers)
    workers.emplace_back(worker);
  return to_json(
    value::make_object({{"node", x.node},
                        {"certificate", x.certificate},
                        {"authority", x.authority},
                        {"workers", std::move(workers)},
                        {"expires_at", to_rfc3339(x.expires_at)}}));
}

caf::expected<issued_certificate> read_answer(const std::string& text) {
  value all;
  std::string why;
  if (!parse_json(text, all, why))
    return make_error(ec::conflict, "the hub's answer is no JSON: " + why);
  if (auto refused = all.get_string("error"))
    return make_error(ec::not_found, "the hub refuses: " + *refused);
  issued_certificate out;
  out.node = all.get_string("node").value_or("");
  out.certificate = all.get_string("certificate").value_or("");
  out.authority = all.get_string("authority").value_or("");
  out.workers = all.get_strings("workers").value_or(std::vector<std::string>{});
  if (!is_node_name(out.node) || out.certificate.empty()
      || !from_rfc3339(all.get_string("expires_at").value_or(""),
                       out.expires_at))
    return make_error(ec::conflict,
                      "the hub's answer is not what it should be");
  return out;
}

/// One exchange with a deadline, in the thread of who wants it.
class exchange_with_hub {
public:
  exchange_with_hub(tls_context_ptr context, const tunnel_limits& limits)
    : context_{std::move(context)}, limits_{limits},
      tls_{std::make_unique<tls_stream>(io_, *context_)} {}

  /// @returns "" and the answer, or why there is none.
  std::string run(const hub_place& hub, const std::string& text,
                  std::string& answer) {
    if (!expect_hub(tls_->native_handle(), hub.host, enrol_protocol))
      return hub.host + " is no name of a host and no IP address";
    const auto length = write_length(text.size());
    request_.assign(length.begin(), length.end());
    request_ += text;
    resolver_.async_resolve(
      hub.host, std::to_string(hub.port),
      [this](error_code failed, const tcp::resolver::results_type& found) {
        if (is_good(failed, "there is no such host"))
          asio::async_connect(
            tls_->next_layer(), found,
            [this](error_code e, const tcp::endpoint&) { on_connected(e); });
      });
    io_.run_for(limits_.handshake_timeout);
    if (!done_ && why_.empty())
      why_ = "the hub did not answer in time";
    answer = std::move(answer_);
    return why_;
  }

private:
  bool is_good(error_code failed, const char* what) {
    if (failed)
      why_ = std::string{what} + ": "
             + handshake_failure(tls_->native_handle(), failed.message());
    return !failed;
  }

  void on_connected(error_code failed) {
    if (is_good(failed, "cannot connect"))
      tls_->async_handshake(asio::ssl::stream_base::client,
                            [this](error_code e) { on_handshake(e); });
  }

  void on_handshake(error_code failed) {
    if (!is_good(failed, "the hub is not trusted, or does not trust"))
      return;
    asio::async_write(*tls_, asio::buffer(request_),
                      [this](error_code e, size_t) {
                        if (is_good(e, "the request was not taken"))
                          read_answer_length();
                      });
  }

  void read_answer_length() {
    asio::async_read(
      *tls_, asio::buffer(length_), [this](error_code e, size_t) {
        if (!is_good(e, "there was no answer"))
          return;
        const auto bytes = read_length(length_);
        if (bytes > limits_.enrolment_bytes_max) {
          why_ = "the answer is too long";
          return;
        }
        answer_.resize(bytes);
        asio::async_read(*tls_, asio::buffer(answer_),
                         [this](error_code f, size_t) {
                           done_ = is_good(f, "there was no whole answer");
                         });
      });
  }

  asio::io_context io_{1};
  tls_context_ptr context_;
  tunnel_limits limits_;
  std::unique_ptr<tls_stream> tls_;
  tcp::resolver resolver_{io_};
  std::string request_;
  std::array<char, 4> length_{};
  std::string answer_;
  std::string why_;
  bool done_ = false;
};

caf::expected<issued_certificate> ask(const hub_place& hub,
                                      tls_context_ptr context,
                                      const tunnel_limits& limits,
                                      const value& request) {
  std::string answer;
  exchange_with_hub exchange{std::move(context), limits};
  if (auto why = exchange.run(hub, to_json(request), answer); !why.empty())
    return make_error(ec::limit_reached,
                      hub.host + ":" + std::to_string(hub.port) + ": " + why);
  return read_answer(answer);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (auto c : bytes) {
    out += digits[static_cast<uint8_t>(c) >> 4];
    out += digits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

} // namespace

std::array<char, 4> write_length(size_t bytes) {
  std::array<char, 4> out{};
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<char>(bytes >> (24 - 8 * i) & 255);
  return out;
}

size_t read_length(const std::array<char, 4>& from) {
  size_t out = 0;
  for (auto c : from)
    out = out << 8 | static_cast<uint8_t>(c);
  return out;
}

caf::expected<issued_certificate> join_hub(const hub_place& hub,
                                           const invitation& with,
                                           const std::string& key,
                                           const tunnel_limits& limits) {
  auto request = make_request(key, with.node);
  if (request.empty())
    return make_error(ec::invalid_argument, "the node's key is none");
  auto out = ask(hub, make_joining_context(to_hex(with.authority)), limits,
                 value::make_object({{"invitation", to_string(with)},
                                     {"request", std::move(request)}}));
  if (!out)
    return out;
  // What was answered is kept for ever, so it is looked at.
  certificate_facts own;
  certificate_facts authority;
  if (!read_facts(out->certificate, own) || own.node != with.node
      || !belongs({out->certificate, key})
      || !read_facts(out->authority, authority)
      || authority.fingerprint != to_hex(with.authority))
    return make_error(ec::conflict, "the hub's answer is for somebody else");
  return out;
}

caf::expected<issued_certificate>
renew_certificate(const hub_place& hub, const identity& now,
                  const std::string& authority, const std::string& key,
                  const tunnel_limits& limits) {
  certificate_facts facts;
  auto context = make_node_context(now, authority);
  if (!context || !read_facts(now.certificate, facts))
    return make_error(ec::invalid_argument, "the node's certificate is none");
  auto request = make_request(key, facts.node);
  if (request.empty())
    return make_error(ec::invalid_argument, "the node's key is none");
  auto out = ask(hub, std::move(context), limits,
                 value::make_object({{"request", std::move(request)}}));
  if (out && !belongs({out->certificate, key}))
    return make_error(ec::conflict, "the hub's answer is for somebody else");
  return out;
}

enrolment_answer answer_enrolment(authority& by, std::string_view request,
                                  const certificate_facts* shown) {
  value all;
  std::string why;
  if (!parse_json(request, all, why, {4, request.size()}))
    return refuse("the request is no JSON: " + why);
  const auto csr = all.get_string("request").value_or("");
  const auto text = all.get_string("invitation");
  if (!text && shown == nullptr)
    return refuse("an invitation or a certificate is needed");
  auto out = [&]() -> caf::expected<issued_certificate> {
    if (!text)
      return by.renew(shown->node, shown->serial, csr);
    auto with = read_invitation(*text);
    if (!with)
      return make_error(ec::invalid_argument, "this is no invitation");
    return by.redeem(with->secret, csr);
  }();
  if (!out) {
    log::warn("node.enrolment_refused", {{"error", message_of(out.error())}});
    return refuse(message_of(out.error()));
  }
  log::info(text ? "node.enrolled" : "node.certificate_renewed",
            {{"node", out->node}});
  return {to_text(*out), text ? out->node : std::string{}};
}

} // namespace quaero
