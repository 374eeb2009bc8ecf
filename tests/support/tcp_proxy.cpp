#include "tests/support/tcp_proxy.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <random>
#include <set>
#include <string>
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
  line_quality quality;
  std::mt19937_64 random;
};

using clock = std::chrono::steady_clock;

/// One way of a line. What was read waits for its moment, in order.
struct one_way {
  struct piece {
    std::string bytes;
    clock::time_point due;
  };

  explicit one_way(const asio::any_io_executor& on) : timer{on} {}

  asio::steady_timer timer;
  std::array<char, 64 * 1024> buffer{};
  std::deque<piece> waiting;
  size_t waiting_bytes = 0;
  bool is_reading = false;
  bool is_passing = false;
  bool is_over = false; ///< Nothing more comes from that end.
};

/// Two sockets.
class proxy_line : public std::enable_shared_from_this<proxy_line> {
public:
  proxy_line(tcp::socket client, mood& how)
    : client_{std::move(client)}, server_{client_.get_executor()},
      ways_{one_way{client_.get_executor()}, one_way{client_.get_executor()}},
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
    for (auto& x : ways_)
      x.timer.cancel();
  }

  /// Goes on with what was held.
  void wake() {
    for (size_t way : {0, 1})
      pass(way);
  }

private:
  /// Beyond it the sender is not read: that is what a line of 200 ms with
  /// 40 Mbit/s holds.
  static constexpr size_t waiting_bytes_max = 1024 * 1024;

  tcp::socket& from(size_t way) { return way == 0 ? client_ : server_; }
  tcp::socket& to(size_t way) { return way == 0 ? server_ : client_; }

  void read(size_t way) {
    auto& x = ways_[way];
    if (x.is_reading || x.is_over || x.waiting_bytes > waiting_bytes_max
        || (mood_.stalled && !x.waiting.empty()))
      return;
    x.is_reading = true;
    from(way).async_read_some(
      asio::buffer(x.buffer),
      [self = shared_from_this(), way](error_code failed, size_t bytes) {
        self->on_read(way, failed, bytes);
      });
  }

  void on_read(size_t way, error_code failed, size_t bytes) {
    auto& x = ways_[way];
    x.is_reading = false;
    if (failed) {
      x.is_over = true; // what is on its way arrives before the end
    } else {
      auto due = clock::now() + time_of_a_piece();
      if (!x.waiting.empty())
        due = std::max(due, x.waiting.back().due);
      x.waiting.push_back({{x.buffer.data(), bytes}, due});
      x.waiting_bytes += bytes;
      read(way);
    }
    pass(way);
  }

  clock::duration time_of_a_piece() {
    const auto& how = mood_.quality;
    auto out = how.delay;
    if (how.jitter.count() > 0)
      out += how.jitter * static_cast<int>(mood_.random() % 1000) / 1000;
    // TCP hides a loss: it says the same again, and all behind it waits.
    if (how.loss_percent > 0 && mood_.random() % 100 < how.loss_percent)
      out += how.repeat_after;
    return out;
  }

  void pass(size_t way) {
    auto& x = ways_[way];
    if (x.is_passing || mood_.stalled)
      return;
    if (x.waiting.empty()) {
      if (x.is_over)
        close();
      return;
    }
    x.is_passing = true;
    if (x.waiting.front().due <= clock::now())
      return write(way);
    x.timer.expires_at(x.waiting.front().due);
    x.timer.async_wait([self = shared_from_this(), way](error_code e) {
      if (e)
        return;
      self->ways_[way].is_passing = false;
      if (!self->mood_.stalled)
        self->write(way);
    });
  }

  void write(size_t way) {
    auto& x = ways_[way];
    x.is_passing = true;
    asio::async_write(to(way), asio::buffer(x.waiting.front().bytes),
                      [self = shared_from_this(), way](error_code e, size_t n) {
                        e ? self->close() : self->on_written(way, n);
                      });
  }

  void on_written(size_t way, size_t bytes) {
    auto& x = ways_[way];
    x.waiting.pop_front();
    x.waiting_bytes -= bytes;
    x.is_passing = false;
    read(way);
    pass(way);
  }

  tcp::socket client_;
  tcp::socket server_;
  std::array<one_way, 2> ways_;
  mood& mood_;
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
  quality({.delay = by});
}

void tcp_proxy::quality(const line_quality& how) {
  impl_->change([how](mood& x) { x.quality = how; });
}

uint64_t tcp_proxy::connections() const {
  return impl_->connections();
}

} // namespace quaero::test
