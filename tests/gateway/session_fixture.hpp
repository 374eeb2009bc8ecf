#pragma once

#include "actors/gateway/exchange.hpp"
#include "actors/gateway/gzip.hpp"
#include "actors/gateway/http_session.hpp"
#include "actors/gateway/tls.hpp"
#include "tests/support/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace quaero::test {

/// What happened, told by one thread and waited for by another.
class events {
public:
  void add(std::string x) {
    std::lock_guard lock{mutex_};
    all_.push_back(std::move(x));
    changed_.notify_all();
  }

  /// Waits for the next one.
  std::string next() {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{10},
                      [this] { return read_ < all_.size(); });
    return read_ < all_.size() ? all_[read_++] : "nothing happened";
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
  size_t read_ = 0;
};

/// Sessions whose requests a test answers itself, without any actor.
class session_fixture : public session_host {
public:
  ~session_fixture() override { stop(); }

  /// Serves; set `on_request` and `limits` before.
  void start() {
    using tcp = boost::asio::ip::tcp;
    context_.config = limits;
    acceptor_.open(tcp::v4());
    acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen();
    port = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }

  /// Tells all sessions that it is over.
  void drain() {
    run([this] {
      draining_ = true;
      auto all = sessions_;
      for (const auto& x : all)
        x->drain();
    });
  }

  /// Runs `f` on the sessions' thread and waits for it.
  void run(std::function<void()> f) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void stop() {
    if (!thread_.joinable())
      return;
    boost::asio::post(io_, [this] {
      acceptor_.close();
      auto all = sessions_;
      for (const auto& x : all)
        x->close();
      io_.stop();
    });
    thread_.join();
  }

  const gateway_config& config() const override { return context_.config; }
  boost::asio::io_context& io() override { return io_; }
  bool draining() const override { return draining_; }
  std::string new_request_id() override { return "1"; }
  std::string_view http_date() override { return "today"; }
  bool hold(size_t) override { return true; }
  void let_go(size_t) override {}
  void encode(std::string text,
              std::function<void(std::string, std::string)> done) override {
    auto gzip = gzip_.encode(text);
    done(std::move(text), std::move(gzip));
  }
  std::optional<http_answer> check(http_request&) override {
    return std::nullopt;
  }
  void answered(const http_request&, unsigned) override {}
  exchange_ptr make_exchange(http_request request,
                             std::weak_ptr<answer_sink> sink,
                             uint64_t round) override {
    return std::make_shared<exchange>(context_, std::move(request),
                                      std::move(sink), round);
  }
  void handle(const exchange_ptr& ex) override { on_request(ex); }
  void closed(http_session& x) override {
    sessions_.erase(x.shared_from_this());
  }

  gateway_config limits;
  tls_context tls; ///< Null: plain.
  std::function<void(const exchange_ptr&)> on_request;
  events seen;
  uint16_t port = 0;

private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code failed,
                                  boost::asio::ip::tcp::socket socket) {
      if (failed)
        return;
      auto connection = tls ? tls_line(std::move(socket), tls)
                            : plain_line(std::move(socket));
      auto session = std::make_shared<http_session>(std::move(connection),
                                                    "127.0.0.1", *this);
      sessions_.insert(session);
      session->start(false);
      accept();
    });
  }

  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  gateway_context context_;
  gzip_encoder gzip_;
  std::set<std::shared_ptr<http_session>> sessions_;
  std::thread thread_;
  bool draining_ = false;
};

inline std::shared_ptr<const std::string> shared_text(std::string x) {
  return std::make_shared<const std::string>(std::move(x));
}

} // namespace quaero::test
