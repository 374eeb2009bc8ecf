#pragma once

#include "actors/nodes/hub_tunnel.hpp"
#include "actors/nodes/tls_contexts.hpp"
#include "actors/nodes/tunnel_line.hpp"
#include "actors/nodes/welcome.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <memory>
#include <string>

namespace quaero {

class hub_peer;
using hub_peer_ptr = std::shared_ptr<hub_peer>;

/// What a peer needs of the tunnel.
class peer_host {
public:
  virtual ~peer_host() = default;
  virtual const std::shared_ptr<boost::asio::io_context>& io() = 0;
  virtual const hub_tunnel_config& config() const = 0;
  virtual authority& by() = 0;
  virtual line_end& end() = 0;
  /// Whether this process may be that node now. Ends a former connection of
  /// the node.
  virtual welcome admit(hub_peer& peer) = 0;
  virtual void opened(hub_peer& peer) = 0;
  /// Who asked has joined as that node.
  virtual void joined(const hub_peer& peer, const std::string& node) = 0;
  /// Called once; the last that is heard of it.
  virtual void closed(hub_peer& peer, const std::string& why) = 0;
};

/// One connection to the hub, from its first byte to its last.
/// Threads: that of the tunnel.
class hub_peer : public std::enable_shared_from_this<hub_peer> {
public:
  hub_peer(boost::asio::ip::tcp::socket socket, tls_context_ptr context,
           peer_host& host);

  void start();
  void close(const std::string& why);

  const std::string& node() const { return facts_.node; } ///< "": not yet.
  const std::string& remote() const { return remote_; }
  const caf_node& process() const { return process_; }
  bool is_open() const { return open_; }

private:
  using error_code = boost::system::error_code;

  void on_handshake();
  void enrol();
  void answer(const std::string& request);
  void greet();
  void attach();
  void on_verdict(end_verdict x);
  void reply(welcome x);
  void open();
  bool is_good(error_code failed, const char* what);

  tls_context_ptr context_;
  peer_host& host_;
  std::unique_ptr<tls_stream> tls_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer retry_;
  std::chrono::steady_clock::time_point attach_until_{};
  boost::asio::local::stream_protocol::socket inner_;
  outer_socket_ptr outer_;
  std::shared_ptr<tunnel_line> line_;
  std::string remote_;
  certificate_facts facts_;
  caf_node process_{};
  std::array<char, 4> length_{};
  std::string text_; ///< Of an enrolment, or a reply.
  bool open_ = false;
  bool closed_ = false;
};

} // namespace quaero
