#include "tests/support/site_server.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace quaero::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

struct gate::state {
  std::mutex mutex;
  bool open = false;
  std::vector<std::function<void()>> waiting;
};

gate::gate() : state_{std::make_unique<state>()} {}

gate::~gate() = default;

void gate::open() {
  std::vector<std::function<void()>> actions;
  {
    std::lock_guard guard{state_->mutex};
    state_->open = true;
    actions.swap(state_->waiting);
  }
  for (auto& x : actions)
    x();
}

void gate::when_open(std::function<void()> action) {
  {
    std::lock_guard guard{state_->mutex};
    if (!state_->open) {
      state_->waiting.push_back(std::move(action));
      return;
    }
  }
  action();
}

class site_server::impl : public std::enable_shared_from_this<impl> {
public:
  impl() : acceptor_{context_, {asio::ip::address_v4::loopback(), 0}} {}

  void start() {
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }

  void stop() {
    context_.stop();
    thread_.join();
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  asio::io_context& context() { return context_; }

  void route(const std::string& path, site_handler handler) {
    std::lock_guard guard{mutex_};
    routes_[path] = std::move(handler);
  }

  void fallback(site_handler handler) {
    std::lock_guard guard{mutex_};
    fallback_ = std::move(handler);
  }

  site_response answer(site_request& request) {
    site_handler handler;
    {
      std::lock_guard guard{mutex_};
      request.number = ++hits_[request.path];
      log_.push_back(request.target);
      arrivals_.push_back(std::chrono::steady_clock::now());
      in_flight_max_ = std::max(in_flight_max_, ++in_flight_);
      auto found = routes_.find(request.path);
      handler = found == routes_.end() ? fallback_ : found->second;
    }
    changed_.notify_all();
    if (handler)
      return handler(request);
    site_response missing;
    missing.status = 404;
    missing.body = "<html><title>Not found</title><p>No such page.</p></html>";
    return missing;
  }

  void answered() {
    {
      std::lock_guard guard{mutex_};
      --in_flight_;
    }
    changed_.notify_all();
  }

  // Keeps what waits for a gate alive, but not longer than the server.
  void hold(std::shared_ptr<void> x) { held_.insert(std::move(x)); }

  void release(const std::shared_ptr<void>& x) { held_.erase(x); }

  void sent(uint64_t bytes) {
    std::lock_guard guard{mutex_};
    body_bytes_ += bytes;
  }

  template <class F>
  auto read(F f) const {
    std::lock_guard guard{mutex_};
    return f(*this);
  }

  template <class F>
  bool wait(std::chrono::seconds limit, F done) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, limit, [&] { return done(*this); });
  }

  uint64_t hits_of(const std::string& path) const {
    auto found = hits_.find(path);
    return found == hits_.end() ? 0 : found->second;
  }

  std::map<std::string, uint64_t> hits_;
  std::vector<std::string> log_;
  std::vector<std::chrono::steady_clock::time_point> arrivals_;
  uint64_t in_flight_ = 0;
  uint64_t in_flight_max_ = 0;
  uint64_t body_bytes_ = 0;

private:
  void accept();

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  mutable std::mutex mutex_; ///< Guards all but the context and acceptor.
  std::condition_variable changed_;
  std::map<std::string, site_handler> routes_;
  site_handler fallback_;
  std::set<std::shared_ptr<void>> held_; ///< Used by the thread only.
  std::thread thread_;
};

namespace {

constexpr size_t stream_chunk_bytes = 64 * 1024;

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string hex(size_t number) {
  std::string out;
  do {
    out.insert(out.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number > 0);
  return out;
}

// One connection: reads a request, writes the response, reads the next.
template <class Server>
class session : public std::enable_shared_from_this<session<Server>> {
public:
  session(tcp::socket socket, Server& server)
    : socket_{std::move(socket)}, server_{server} {
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
  }

  void read() {
    incoming_ = {};
    http::async_read(socket_, buffer_, incoming_,
                     [self = this->shared_from_this()](error_code ec, size_t) {
                       if (!ec)
                         self->handle();
                     });
  }

private:
  void handle() {
    site_request request;
    request.method = std::string{incoming_.method_string()};
    request.target = std::string{incoming_.target()};
    auto mark = request.target.find('?');
    request.path = request.target.substr(0, mark);
    if (mark != std::string::npos)
      request.query = request.target.substr(mark + 1);
    for (auto& field : incoming_)
      request.headers[lower(std::string{field.name_string()})]
        = std::string{field.value()};
    response_ = server_.answer(request);
    if (!response_.hold)
      return respond();
    // The gate may open on any thread, even when the server is gone.
    response_.hold->when_open(
      [weak = this->weak_from_this(), executor = socket_.get_executor()] {
        if (auto self = weak.lock())
          asio::post(executor, [self] { self->respond(); });
      });
    server_.hold(this->shared_from_this());
  }

  void respond() {
    server_.release(this->shared_from_this());
    if (response_.hang_up)
      return finish(false);
    left_ = response_.stream_bytes;
    head_ = head();
    body_ = frame(response_.body);
    std::array<asio::const_buffer, 2> all{asio::buffer(head_),
                                          asio::buffer(body_)};
    asio::async_write(
      socket_, all,
      [self = this->shared_from_this()](error_code ec, size_t bytes) {
        self->server_.sent(bytes - std::min(bytes, self->head_.size()));
        self->stream(ec);
      });
  }

  std::string head() const {
    auto out = "HTTP/1.1 " + std::to_string(response_.status) + " Status\r\n";
    if (!response_.content_type.empty())
      out += "Content-Type: " + response_.content_type + "\r\n";
    for (auto& [name, data] : response_.headers)
      out += name + ": " + data + "\r\n";
    if (response_.chunked)
      out += "Transfer-Encoding: chunked\r\n";
    else
      out += "Content-Length: "
             + std::to_string(response_.body.size() + response_.stream_bytes)
             + "\r\n";
    return out + "\r\n";
  }

  std::string frame(const std::string& data) const {
    if (!response_.chunked || data.empty())
      return data;
    return hex(data.size()) + "\r\n" + data + "\r\n";
  }

  void stream(error_code ec) {
    if (ec)
      return finish(false);
    if (left_ == 0 && !(response_.chunked && !ended_))
      return finish(true);
    auto size = std::min<uint64_t>(left_, stream_chunk_bytes);
    left_ -= size;
    ended_ = left_ == 0 && size == 0;
    body_ = ended_ ? "0\r\n\r\n" : frame(std::string(size, 'x'));
    asio::async_write(
      socket_, asio::buffer(body_),
      [self = this->shared_from_this()](error_code failed, size_t bytes) {
        self->server_.sent(bytes);
        self->stream(failed);
      });
  }

  void finish(bool keep) {
    ended_ = false;
    server_.answered();
    if (keep && incoming_.keep_alive())
      return read();
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  tcp::socket socket_;
  Server& server_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> incoming_;
  site_response response_;
  std::string head_;
  std::string body_;
  uint64_t left_ = 0;
  bool ended_ = false;
};

} // namespace

void site_server::impl::accept() {
  acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
    if (ec)
      return;
    std::make_shared<session<impl>>(std::move(socket), *this)->read();
    accept();
  });
}

site_server::site_server() : impl_{std::make_shared<impl>()} {
  impl_->start();
}

site_server::~site_server() {
  impl_->stop();
}

uint16_t site_server::port() const {
  return impl_->port();
}

std::string site_server::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + path;
}

void site_server::route(const std::string& path, site_handler handler) {
  impl_->route(path, std::move(handler));
}

void site_server::route(const std::string& path, site_response response) {
  impl_->route(path,
               [x = std::move(response)](const site_request&) { return x; });
}

void site_server::page(const std::string& path, const std::string& title,
                       const std::string& body) {
  site_response response;
  response.body = "<!doctype html><html><head><title>" + title
                  + "</title></head><body>" + body + "</body></html>";
  route(path, std::move(response));
}

void site_server::fallback(site_handler handler) {
  impl_->fallback(std::move(handler));
}

uint64_t site_server::hits(const std::string& path) const {
  return impl_->read([&](auto& x) { return x.hits_of(path); });
}

uint64_t site_server::hits() const {
  return impl_->read([](auto& x) { return uint64_t{x.log_.size()}; });
}

uint64_t site_server::in_flight_max() const {
  return impl_->read([](auto& x) { return x.in_flight_max_; });
}

uint64_t site_server::in_flight() const {
  return impl_->read([](auto& x) { return x.in_flight_; });
}

uint64_t site_server::body_bytes_sent() const {
  return impl_->read([](auto& x) { return x.body_bytes_; });
}

std::vector<std::string> site_server::log() const {
  return impl_->read([](auto& x) { return x.log_; });
}

std::vector<std::chrono::steady_clock::time_point>
site_server::arrivals() const {
  return impl_->read([](auto& x) { return x.arrivals_; });
}

bool site_server::wait_for_hits(const std::string& path, uint64_t count,
                                std::chrono::seconds limit) {
  return impl_->wait(limit, [&](auto& x) { return x.hits_of(path) >= count; });
}

bool site_server::wait_until_idle(std::chrono::seconds limit) {
  return impl_->wait(limit, [](auto& x) { return x.in_flight_ == 0; });
}

} // namespace quaero::test
