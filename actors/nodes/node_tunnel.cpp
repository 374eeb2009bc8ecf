#include "actors/nodes/node_tunnel.hpp"

#include "actors/nodes/tls_contexts.hpp"
#include "actors/nodes/tunnel_line.hpp"
#include "actors/nodes/welcome.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>
#include <utility>

namespace quaero {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Between two questions whether a former connection is over.
constexpr std::chrono::milliseconds retry_interval{10};

/// What a call needs of the tunnel; it outlives neither.
struct call_needs {
  std::shared_ptr<asio::io_context> io;
  hub_place hub;
  tunnel_limits limits;
  std::vector<std::string> types;
  line_end_ptr end;
  tls_context_ptr context;
};

/// One connection to the hub, from its name to its last byte.
/// Threads: that of the tunnel.
class hub_call final : public std::enable_shared_from_this<hub_call> {
public:
  hub_call(call_needs needs, std::function<void()> on_open,
           std::function<void(const std::string&)> on_close)
    : needs_{std::move(needs)}, on_open_{std::move(on_open)},
      on_close_{std::move(on_close)}, tls_{std::make_unique<tls_stream>(
                                        *needs_.io, *needs_.context)},
      resolver_{*needs_.io}, deadline_{*needs_.io}, retry_{*needs_.io},
      inner_{*needs_.io} {}

  void start();
  void close(const std::string& why);
  /// Closes it and tells nobody.
  void replace();

private:
  bool is_good(error_code failed, const char* what);
  void on_connected();
  void greet();
  void on_welcome();
  void attach();
  void on_verdict(end_verdict x);

  call_needs needs_;
  std::function<void()> on_open_;
  std::function<void(const std::string&)> on_close_;
  std::unique_ptr<tls_stream> tls_;
  tcp::resolver resolver_;
  asio::steady_timer deadline_;
  asio::steady_timer retry_;
  std::chrono::steady_clock::time_point attach_until_{};
  asio::local::stream_protocol::socket inner_;
  outer_socket_ptr outer_;
  std::shared_ptr<tunnel_line> line_;
  caf_node own_{};
  std::array<char, welcome_bytes> welcome_{};
  caf_node hub_{};
  bool attached_ = false;
  bool closed_ = false;
};

void hub_call::start() {
  deadline_.expires_after(needs_.limits.handshake_timeout);
  deadline_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped && !self->attached_)
      self->close("the hub did not answer in time");
  });
  if (!expect_hub(tls_->native_handle(), needs_.hub.host, node_protocol))
    return close(needs_.hub.host + " is no name of a host and no IP address");
  resolver_.async_resolve(
    needs_.hub.host, std::to_string(needs_.hub.port),
    [self = shared_from_this()](error_code failed,
                                const tcp::resolver::results_type& found) {
      if (self->is_good(failed, "there is no such host"))
        asio::async_connect(self->tls_->next_layer(), found,
                            [self](error_code e, const tcp::endpoint&) {
                              if (self->is_good(e, "cannot connect"))
                                self->on_connected();
                            });
    });
}

bool hub_call::is_good(error_code failed, const char* what) {
  if (closed_)
    return false;
  if (failed)
    close(std::string{what} + ": "
          + handshake_failure(tls_->native_handle(), failed.message()));
  return !failed;
}

void hub_call::on_connected() {
  error_code ignored;
  tls_->next_layer().set_option(tcp::no_delay{true}, ignored);
  tls_->async_handshake(
    asio::ssl::stream_base::client,
    [self = shared_from_this()](error_code failed) {
      if (!self->is_good(failed, "the hub is not trusted, or does not trust"))
        return;
      if (protocol_of(self->tls_->native_handle()) != node_protocol)
        return self->close("this is no hub");
      self->greet();
    });
}

void hub_call::greet() {
  own_ = needs_.end->self();
  asio::async_write(*tls_, asio::buffer(own_),
                    [self = shared_from_this()](error_code failed, size_t) {
                      if (!self->is_good(failed, "the hub did not listen"))
                        return;
                      asio::async_read(
                        *self->tls_, asio::buffer(self->welcome_),
                        [self](error_code e, size_t) {
                          if (self->is_good(e, "the hub does not let it in"))
                            self->on_welcome();
                        });
                    });
}

// CAF gives up a connection whose other end is silent when it looks for the
// first time, so it gets the connection with the hub's first words in it.
void hub_call::on_welcome() {
  const auto said = static_cast<welcome>(welcome_[0]);
  if (said != welcome::ok)
    return close(explain(said));
  std::copy(welcome_.begin() + 1, welcome_.end(), hub_.begin());
  outer_ = make_pair(inner_);
  if (!outer_)
    return close("no descriptor is left");
  line_ = std::make_shared<tunnel_line>(
    std::move(tls_), needs_.limits,
    frame_rules{frame_sender::hub, hub_, own_, needs_.types,
                needs_.limits.frames},
    frame_rules{frame_sender::node, own_, hub_, needs_.types,
                needs_.limits.frames});
  attach_until_
    = std::chrono::steady_clock::now() + needs_.limits.former_timeout;
  auto self = shared_from_this();
  line_->start(
    std::move(inner_), [self] { self->attach(); },
    [self](const std::string& why) { self->close(why); });
}

// The verdict may come when this is gone.
void hub_call::attach() {
  outer_socket::give(outer_, *needs_.end, hub_, needs_.io,
                     [weak = weak_from_this()](end_verdict x) {
                       if (auto self = weak.lock())
                         self->on_verdict(x);
                     });
}

void hub_call::on_verdict(end_verdict x) {
  if (closed_)
    return;
  if (x == end_verdict::closed)
    return close("the node ends");
  if (x == end_verdict::taken) {
    attached_ = true;
    deadline_.cancel();
    if (auto tell = std::exchange(on_open_, nullptr))
      tell();
    return;
  }
  if (std::chrono::steady_clock::now() >= attach_until_)
    return close("the former connection is not over yet");
  retry_.expires_after(retry_interval);
  retry_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped && !self->closed_)
      self->attach();
  });
}

void hub_call::close(const std::string& why) {
  if (std::exchange(closed_, true))
    return;
  error_code ignored;
  deadline_.cancel();
  retry_.cancel();
  resolver_.cancel();
  inner_.close(ignored);
  outer_ = nullptr;
  if (tls_)
    tls_->next_layer().close(ignored);
  if (line_)
    line_->close(why);
  on_open_ = nullptr;
  if (auto tell = std::exchange(on_close_, nullptr))
    tell(why);
}

// Who has asked for another connection would take its end for that one's.
void hub_call::replace() {
  on_close_ = nullptr;
  close("another connection takes its place");
}

} // namespace

class node_tunnel::impl {
public:
  ~impl() { stop(); }

  std::string start(node_tunnel_config config, line_end_ptr end) {
    needs_ = {io_,
              config.hub,
              config.limits,
              config.types,
              std::move(end),
              make_node_context(config.own, config.authority)};
    authority_ = std::move(config.authority);
    if (!needs_.end)
      return "this process has no part for nodes";
    if (!needs_.context)
      return "the node's certificate cannot be used";
    thread_ = std::thread{[this] { io_->run(); }};
    return {};
  }

  void connect(std::function<void()> on_open,
               std::function<void(const std::string&)> on_close) {
    std::lock_guard lock{guard_};
    auto call = std::make_shared<hub_call>(needs_, std::move(on_open),
                                           std::move(on_close));
    asio::post(*io_, [this, call] {
      if (call_)
        call_->replace();
      call_ = call;
      call_->start();
    });
  }

  bool renew(const identity& own) {
    auto made = make_node_context(own, authority_);
    std::lock_guard lock{guard_};
    if (made)
      needs_.context = made;
    return made != nullptr;
  }

  void close(const std::string& why) {
    asio::post(*io_, [this, why] {
      if (auto call = std::exchange(call_, nullptr))
        call->close(why);
    });
  }

  void stop() {
    if (!thread_.joinable())
      return;
    close("the node ends");
    asio::post(*io_, [this] { work_.reset(); });
    thread_.join();
  }

private:
  std::shared_ptr<asio::io_context> io_ = std::make_shared<asio::io_context>(1);
  asio::executor_work_guard<asio::io_context::executor_type> work_{
    io_->get_executor()};
  std::mutex guard_;
  call_needs needs_; ///< Guarded.
  std::string authority_;
  std::shared_ptr<hub_call> call_; ///< Of the tunnel's thread.
  std::thread thread_;
};

node_tunnel::node_tunnel() : impl_{std::make_unique<impl>()} {}

node_tunnel::~node_tunnel() = default;

std::string node_tunnel::start(node_tunnel_config config, line_end_ptr end) {
  return impl_->start(std::move(config), std::move(end));
}

void node_tunnel::connect(std::function<void()> on_open,
                          std::function<void(const std::string&)> on_close) {
  impl_->connect(std::move(on_open), std::move(on_close));
}

bool node_tunnel::renew(const identity& own) {
  return impl_->renew(own);
}

void node_tunnel::close(const std::string& why) {
  impl_->close(why);
}

void node_tunnel::stop() {
  impl_->stop();
}

} // namespace quaero
