#include "actors/gateway/line.hpp"

#include <boost/asio/post.hpp>

namespace quaero {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

class plain final : public line {
public:
  explicit plain(tcp::socket socket) : socket_{std::move(socket)} {}

  void open(owner who) override {
    asio::post(socket_.get_executor(),
               [who = std::move(who)] { who->on_open({}); });
  }

  void read(asio::mutable_buffer into, owner who) override {
    socket_.async_read_some(
      asio::mutable_buffers_1{into},
      [who = std::move(who)](error_code failed, size_t n) {
        who->on_read(failed, n);
      });
  }

  void write(byte_view from, owner who) override {
    socket_.async_write_some(
      from, [who = std::move(who)](error_code failed, size_t n) {
        who->on_written(failed, n);
      });
  }

  void finish(owner who) override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    asio::post(socket_.get_executor(),
               [who = std::move(who)] { who->on_finished(); });
  }

  void read_rest(asio::mutable_buffer into, owner who) override {
    read(into, std::move(who));
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

private:
  tcp::socket socket_;
};

} // namespace

std::unique_ptr<line> plain_line(tcp::socket socket) {
  return std::make_unique<plain>(std::move(socket));
}

} // namespace quaero
