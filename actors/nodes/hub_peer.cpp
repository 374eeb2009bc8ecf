#include "actors/nodes/hub_peer.hpp"

#include "actors/nodes/enrolment.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace quaero {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Between two questions whether a former connection is over.
constexpr std::chrono::milliseconds retry_interval{10};

} // namespace

hub_peer::hub_peer(tcp::socket socket, tls_context_ptr context, peer_host& host)
  : context_{std::move(context)}, host_{host},
    tls_{std::make_unique<tls_stream>(std::move(socket), *context_)},
    deadline_{tls_->get_executor()}, retry_{tls_->get_executor()},
    inner_{tls_->get_executor()} {
  error_code ignored;
  auto from = tls_->next_layer().remote_endpoint(ignored);
  remote_ = from.address().to_string();
  tls_->next_layer().set_option(tcp::no_delay{true}, ignored);
}

void hub_peer::start() {
  deadline_.expires_after(host_.config().limits.handshake_timeout);
  deadline_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped && !self->open_)
      self->close("it did not get through its handshakes in time");
  });
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this()](error_code failed) {
                          if (self->is_good(failed, "no TLS"))
                            self->on_handshake();
                        });
}

bool hub_peer::is_good(error_code failed, const char* what) {
  if (closed_)
    return false;
  if (failed)
    close(std::string{what} + ": "
          + handshake_failure(tls_->native_handle(), failed.message()));
  return !failed;
}

void hub_peer::on_handshake() {
  const auto protocol = protocol_of(tls_->native_handle());
  const bool known = peer_facts(tls_->native_handle(), facts_);
  if (protocol == enrol_protocol)
    return enrol();
  if (protocol != node_protocol)
    return close("it does not say what it wants");
  // OpenSSL has refused all others; this is for the case that it has not.
  if (!known || facts_.use != certificate_use::node || facts_.node.empty())
    return close("it has no certificate of a node");
  asio::async_read(
    *tls_, asio::buffer(process_),
    [self = shared_from_this()](error_code failed, size_t) {
      if (self->is_good(failed, "it does not say which process it is"))
        self->greet();
    });
}

// -- a certificate ------------------------------------------------------------

void hub_peer::enrol() {
  asio::async_read(
    *tls_, asio::buffer(length_),
    [self = shared_from_this()](error_code failed, size_t) {
      if (!self->is_good(failed, "no request"))
        return;
      const auto bytes = read_length(self->length_);
      if (bytes > self->host_.config().limits.enrolment_bytes_max)
        return self->close("a request that is too long");
      self->text_.resize(bytes);
      asio::async_read(*self->tls_, asio::buffer(self->text_),
                       [self](error_code e, size_t) {
                         if (self->is_good(e, "no whole request"))
                           self->answer(std::exchange(self->text_, {}));
                       });
    });
}

void hub_peer::answer(const std::string& request) {
  const bool shown = !facts_.serial.empty();
  const auto out
    = answer_enrolment(host_.by(), request, shown ? &facts_ : nullptr);
  // It is no connection of that node.
  facts_ = {};
  if (!out.joined.empty())
    host_.joined(*this, out.joined);
  const auto length = write_length(out.text.size());
  text_.assign(length.begin(), length.end());
  text_ += out.text;
  asio::async_write(*tls_, asio::buffer(text_),
                    [self = shared_from_this()](error_code failed, size_t) {
                      if (!self->is_good(failed, "the answer was not taken"))
                        return;
                      self->tls_->async_shutdown(
                        [self](error_code) { self->close(""); });
                    });
}

// -- a connection -------------------------------------------------------------

void hub_peer::greet() {
  // It may have been revoked since the handshake.
  if (auto why = host_.by().check(facts_.node, facts_.serial); !why.empty())
    return close(why);
  if (auto x = host_.admit(*this); x != welcome::ok)
    return reply(x);
  outer_ = make_pair(inner_);
  if (!outer_)
    return close("no descriptor is left");
  attach_until_
    = std::chrono::steady_clock::now() + host_.config().limits.former_timeout;
  attach();
}

// The verdict may come when this is gone.
void hub_peer::attach() {
  outer_socket::give(outer_, host_.end(), process_, host_.io(),
                     [weak = weak_from_this()](end_verdict x) {
                       if (auto self = weak.lock())
                         self->on_verdict(x);
                     });
}

void hub_peer::on_verdict(end_verdict x) {
  if (closed_)
    return;
  if (x == end_verdict::taken)
    return reply(welcome::ok);
  if (x == end_verdict::closed)
    return reply(welcome::closing);
  if (std::chrono::steady_clock::now() >= attach_until_)
    return reply(welcome::busy);
  retry_.expires_after(retry_interval);
  retry_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped && !self->closed_)
      self->attach();
  });
}

void hub_peer::reply(welcome x) {
  const auto own = host_.end().self();
  text_.assign(1, static_cast<char>(x));
  text_.append(own.data(), own.size());
  asio::async_write(*tls_, asio::buffer(text_),
                    [self = shared_from_this(), x](error_code failed, size_t) {
                      if (!self->is_good(failed, "the welcome was not taken"))
                        return;
                      if (x == welcome::ok)
                        return self->open();
                      self->tls_->async_shutdown(
                        [self, x](error_code) { self->close(explain(x)); });
                    });
}

void hub_peer::open() {
  const auto& config = host_.config();
  const auto own = host_.end().self();
  line_ = std::make_shared<tunnel_line>(
    std::move(tls_), config.limits,
    frame_rules{frame_sender::node, process_, own, config.types,
                config.limits.frames},
    frame_rules{frame_sender::hub, own, process_, config.types,
                config.limits.frames});
  open_ = true;
  deadline_.cancel();
  host_.opened(*this);
  line_->start(
    std::move(inner_), nullptr,
    [self = shared_from_this()](const std::string& why) { self->close(why); });
}

void hub_peer::close(const std::string& why) {
  if (std::exchange(closed_, true))
    return;
  auto self = shared_from_this(); // The host lets it go.
  error_code ignored;
  deadline_.cancel();
  retry_.cancel();
  inner_.close(ignored);
  outer_ = nullptr;
  if (tls_)
    tls_->next_layer().close(ignored);
  if (line_)
    line_->close(why);
  host_.closed(*this, why);
}

} // namespace quaero
