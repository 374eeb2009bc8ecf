#include "tests/support/tcp_proxy.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <set>
#include <thread>
#include <utility>

namespace quaero::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// What the test wants now. Of the proxy's thread.
struct mood {
  bool stalled = false;
  bool is_cut = false;
  std::chrono::milliseconds delay{0};
};

/// Two sockets.
class proxy_line : public std::enable_shared_from_this<proxy_line> {
public:
  proxy_line(tcp::socket client, const mood& how)
    : client_{std::move(client)}, server_{client_.get_executor()},
      timers_{asio::steady_timer{client_.get_executor()},
              asio::steady_timer{client_.get_executor()}},
      mood_{how} {}

  void start(uint16_t target) {
    server_.async_connect({asio::ip::address_v4::loopback(), target},
                          [self = shared_from_this()](error_code failed) {
                            if (failed)
                              return self->close();
                            self->read(0);
                            self->read(1);
                          });
  }

  void close() {
    error_code ignored;
    client_.close(ignored);
    server_.close(ignored);
    for (auto& x : timers_)
      x.cancel();
  }

  /// Goes on with what was held.
  void wake() {
    for (size_t way : {0, 1})
      if (std::exchange(held_[way], false))
        pass(way);
  }

private:
  tcp::socket& from(size_t way) { return way == 0 ? client_ : server_; }
  tcp::socket& to(size_t way) { return way == 0 ? server_ : client_; }

  void read(size_t way) {
    from(way).async_read_some(
      asio::buffer(buffers_[way]),
      [self = shared_from_this(), way](error_code failed, size_t bytes) {
        if (failed)
          return self->close();
        self->bytes_[way] = bytes;
        if (self->mood_.stalled)
          self->held_[way] = true;
        else
          self->pass(way);
      });
  }

  void pass(size_t way) {
    if (mood_.delay.count() == 0)
      return write(way);
    timers_[way].expires_after(mood_.delay);
    timers_[way].async_wait([self = shared_from_this(), way](error_code e) {
      if (!e)
        self->write(way);
    });
  }

  void write(size_t way) {
    asio::async_write(to(way), asio::buffer(buffers_[way], bytes_[way]),
                      [self = shared_from_this(), way](error_code e, size_t) {
                        e ? self->close() : self->read(way);
                      });
  }

  tcp::socket client_;
  tcp::socket server_;
  std::array<asio::steady_timer, 2> timers_;
  const mood& mood_;
  std::array<std::array<char, 64 * 1024>, 2> buffers_;
  std::array<size_t, 2> bytes_{};
  std::array<bool, 2> held_{};
};

} // namespace

class tcp_proxy::impl {
public:
  explicit impl(uint16_t target)
    : target_{target}, acceptor_{io_, {asio::ip::address_v4::loopback(), 0}} {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }

  ~impl() {
    asio::post(io_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      close_all();
    });
    thread_.join();
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  template <class F>
  void change(F f) {
    asio::post(io_, [this, f] {
      f(mood_);
      if (mood_.is_cut)
        close_all();
      else if (!mood_.stalled)
        for (const auto& x : lines_)
          if (auto line = x.lock())
            line->wake();
    });
  }

  uint64_t connections() const { return connections_; }

private:
  void accept() {
    acceptor_.async_accept([this](error_code failed, tcp::socket client) {
      if (failed)
        return;
      if (!mood_.is_cut) {
        error_code ignored;
        client.set_option(tcp::no_delay{true}, ignored);
        auto line = std::make_shared<proxy_line>(std::move(client), mood_);
        std::erase_if(lines_, [](const auto& x) { return x.expired(); });
        lines_.insert(line);
        ++connections_;
        line->start(target_);
      }
      accept();
    });
  }

  void close_all() {
    for (const auto& x : lines_)
      if (auto line = x.lock())
        line->close();
    lines_.clear();
  }

  asio::io_context io_{1};
  mood mood_;
  uint16_t target_;
  tcp::acceptor acceptor_;
  std::set<std::weak_ptr<proxy_line>, std::owner_less<>> lines_;
  std::atomic<uint64_t> connections_{0};
  std::thread thread_;
};

tcp_proxy::tcp_proxy(uint16_t target) : impl_{std::make_unique<impl>(target)} {}

tcp_proxy::~tcp_proxy() = default;

uint16_t tcp_proxy::port() const {
  return impl_->port();
}

void tcp_proxy::stall(bool on) {
  impl_->change([on](mood& x) { x.stalled = on; });
}

void tcp_proxy::cut(bool on) {
  impl_->change([on](mood& x) { x.is_cut = on; });
}

void tcp_proxy::delay(std::chrono::milliseconds by) {
  impl_->change([by](mood& x) { x.delay = by; });
}

uint64_t tcp_proxy::connections() const {
  return impl_->connections();
}

} // namespace quaero::test
