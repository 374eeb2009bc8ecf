#include "actors/nodes/tunnel_line.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace quaero {

namespace asio = boost::asio;

tunnel_line::tunnel_line(std::unique_ptr<tls_stream> tls,
                         const tunnel_limits& limits, frame_rules peer,
                         frame_rules own)
  : tls_{std::move(tls)}, inner_{tls_->get_executor()},
    timer_{tls_->get_executor()}, limits_{limits},
    in_{std::vector<char>(limits.buffer_bytes_max),
        {},
        frame_guard{std::move(peer)}},
    own_{std::vector<char>(limits.buffer_bytes_max),
         {},
         frame_guard{std::move(own)}} {}

void tunnel_line::start(asio::local::stream_protocol::socket inner,
                        std::function<void()> on_first,
                        std::function<void(const std::string&)> on_end) {
  inner_ = std::move(inner);
  on_first_ = std::move(on_first);
  on_end_ = std::move(on_end);
  read(*tls_, inner_, in_);
  read(inner_, *tls_, own_);
  arm();
}

template <class From, class To>
void tunnel_line::read(From& from, To& to, way& w) {
  w.since = clock::now();
  from.async_read_some(asio::buffer(w.buffer),
                       [self = shared_from_this(), &from, &to,
                        &w](error_code failed, size_t bytes) {
                         if (self->closed_)
                           return;
                         if (failed)
                           return self->close(self->ended(w, true, failed));
                         self->on_read(from, to, w, bytes);
                       });
}

template <class From, class To>
void tunnel_line::on_read(From& from, To& to, way& w, size_t bytes) {
  const auto& refused = w.guard.take({w.buffer.data(), bytes}, w.out);
  if (!refused.empty())
    return close((&w == &in_ ? "refused: " : "refused, of our own: ")
                 + refused);
  if (w.out.empty())
    return read(from, to, w);
  write(from, to, w);
}

template <class From, class To>
void tunnel_line::write(From& from, To& to, way& w) {
  w.is_writing = true;
  w.since = clock::now();
  asio::async_write(
    to, asio::buffer(w.out),
    [self = shared_from_this(), &from, &to, &w](error_code failed, size_t) {
      if (self->closed_)
        return;
      if (failed)
        return self->close(self->ended(w, false, failed));
      w.is_writing = false;
      w.out.clear();
      if (&w == &self->in_ && self->on_first_)
        std::exchange(self->on_first_, nullptr)();
      if (!self->closed_)
        self->read(from, to, w);
    });
}

std::string tunnel_line::ended(const way& w, bool reading,
                               error_code failed) const {
  const bool peer = (&w == &in_) == reading;
  const bool over = failed == asio::error::eof
                    || failed == asio::error::connection_reset
                    || failed == asio::error::broken_pipe
                    || failed == asio::ssl::error::stream_truncated;
  if (over)
    return peer ? closed_by_peer : "closed by our own end";
  return std::string{peer ? "connection lost: " : "our own end failed: "}
         + failed.message();
}

// What waits for our own end says nothing about the peer.
void tunnel_line::arm() {
  auto next = own_.is_writing ? own_.since + limits_.write_timeout
                              : clock::now() + limits_.write_timeout;
  next = std::min(next, in_.is_writing ? clock::now() + limits_.idle_timeout
                                       : in_.since + limits_.idle_timeout);
  timer_.expires_at(next);
  timer_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped && !self->closed_)
      self->on_timer();
  });
}

void tunnel_line::on_timer() {
  const auto now = clock::now();
  if (!in_.is_writing && in_.since + limits_.idle_timeout <= now)
    return close("silent for too long");
  if (own_.is_writing && own_.since + limits_.write_timeout <= now)
    return close("does not take what is sent");
  arm();
}

void tunnel_line::close(const std::string& reason) {
  if (std::exchange(closed_, true))
    return;
  error_code ignored;
  timer_.cancel();
  tls_->next_layer().close(ignored);
  inner_.close(ignored);
  on_first_ = nullptr;
  if (auto tell = std::exchange(on_end_, nullptr))
    tell(reason);
}

outer_socket::~outer_socket() {
  if (fd_ >= 0)
    ::close(fd_);
}

void outer_socket::give(const outer_socket_ptr& self, line_end& end,
                        const caf_node& peer,
                        const std::shared_ptr<asio::io_context>& io,
                        std::function<void(end_verdict)> then) {
  end.attach(self->fd_, peer,
             [self, io, then = std::move(then)](end_verdict x) mutable {
               if (x != end_verdict::busy)
                 self->fd_ = -1;
               asio::post(*io, [then = std::move(then), x] { then(x); });
             });
}

outer_socket_ptr make_pair(asio::local::stream_protocol::socket& inner) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return nullptr;
  auto out = std::make_shared<outer_socket>(ends[1]);
  boost::system::error_code failed;
  inner.assign(asio::local::stream_protocol{}, ends[0], failed);
  if (failed)
    ::close(ends[0]);
  return failed ? nullptr : out;
}

} // namespace quaero
