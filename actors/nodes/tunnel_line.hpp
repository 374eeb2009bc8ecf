#pragma once

#include "actors/nodes/frame_guard.hpp"
#include "actors/nodes/line_end.hpp"
#include "actors/nodes/tunnel_limits.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// Why a connection ended that the other process closed.
inline constexpr const char* closed_by_peer = "closed by the other end";

using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// A connection behind its handshakes: bytes of a peer through TLS, past a
/// guard, to one end of a socket pair, and the other way. It reads no more than
/// the other side takes. Ends when either side ends, is refused by a guard, or
/// is silent or slow for too long.
///
/// Bounds: two buffers of `buffer_bytes_max`, and two guards.
/// Threads: that of its io_context.
class tunnel_line : public std::enable_shared_from_this<tunnel_line> {
public:
  /// `peer` and `own` are the rules for what either one sends.
  tunnel_line(std::unique_ptr<tls_stream> tls, const tunnel_limits& limits,
              frame_rules peer, frame_rules own);

  /// Passes bytes on. REQUIRES: called once.
  /// @param inner    the other end of the pair belongs to our own process.
  /// @param on_first called once bytes of the peer have been passed on.
  /// @param on_end   called once, with the reason.
  void start(boost::asio::local::stream_protocol::socket inner,
             std::function<void()> on_first,
             std::function<void(const std::string&)> on_end);

  /// Ends it, if it has not ended.
  void close(const std::string& reason);

private:
  using error_code = boost::system::error_code;
  using clock = std::chrono::steady_clock;

  /// One way.
  struct way {
    std::vector<char> buffer;
    std::string out; ///< What passes of `buffer`.
    frame_guard guard;
    bool is_writing = false;
    clock::time_point since{}; ///< Of the read or write that goes on.
  };

  template <class From, class To>
  void read(From& from, To& to, way& w);
  template <class From, class To>
  void on_read(From& from, To& to, way& w, size_t bytes);
  template <class From, class To>
  void write(From& from, To& to, way& w);
  void arm();
  void on_timer();
  std::string ended(const way& w, bool reading, error_code failed) const;

  std::unique_ptr<tls_stream> tls_;
  boost::asio::local::stream_protocol::socket inner_;
  boost::asio::steady_timer timer_;
  tunnel_limits limits_;
  way in_;  ///< From the peer.
  way own_; ///< To the peer.
  std::function<void()> on_first_;
  std::function<void(const std::string&)> on_end_;
  bool closed_ = false;
};

/// A descriptor on its way to an end.
class outer_socket {
public:
  explicit outer_socket(int fd) : fd_{fd} {}
  ~outer_socket();
  outer_socket(const outer_socket&) = delete;
  outer_socket& operator=(const outer_socket&) = delete;

  /// Gives it to `end`, which leads to the process `peer`. `then` is called by
  /// the thread of `io`, unless that is gone.
  static void give(const std::shared_ptr<outer_socket>& self, line_end& end,
                   const caf_node& peer,
                   const std::shared_ptr<boost::asio::io_context>& io,
                   std::function<void(end_verdict)> then);

private:
  int fd_;
};

using outer_socket_ptr = std::shared_ptr<outer_socket>;

/// A pair of connected stream sockets: an end for the tunnel, and one to give.
/// @returns null if there is no descriptor left.
outer_socket_ptr make_pair(boost::asio::local::stream_protocol::socket& inner);

} // namespace quaero
