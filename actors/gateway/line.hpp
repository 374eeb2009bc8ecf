#pragma once

#include "actors/gateway/outbox.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace quaero {

/// What a line tells whoever owns it.
class line_owner {
public:
  using error_code = boost::system::error_code;

  virtual ~line_owner() = default;

  virtual void on_open(error_code failed) = 0;
  virtual void on_read(error_code failed, size_t bytes) = 0;
  virtual void on_written(error_code failed, size_t bytes) = 0;
  virtual void on_finished() = 0;
};

/// The bytes of one connection, plain or through TLS. Each call ends in one
/// call of the owner, later and on the same thread; the owner lives until
/// then. One read and one write at a time.
class line {
public:
  using owner = std::shared_ptr<line_owner>;

  virtual ~line() = default;

  /// Shakes hands, if there are hands to shake.
  virtual void open(owner who) = 0;
  virtual void read(boost::asio::mutable_buffer into, owner who) = 0;
  /// Sends some of it, at least one byte. `from` stays as it is until then.
  virtual void write(byte_view from, owner who) = 0;
  /// Sends nothing any more, and tells the peer.
  virtual void finish(owner who) = 0;
  /// Reads what a finished line still brings; of no use but to be read.
  virtual void read_rest(boost::asio::mutable_buffer into, owner who) = 0;
  virtual void close() = 0;
};

std::unique_ptr<line> plain_line(boost::asio::ip::tcp::socket socket);

} // namespace quaero
