#pragma once

#include "actors/nodes/authority.hpp"
#include "actors/nodes/enrolment.hpp"
#include "actors/nodes/hub_tunnel.hpp"
#include "actors/nodes/invitation.hpp"
#include "actors/nodes/line_end.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace quaero::test {

/// A folder that goes away with the object.
class folder {
public:
  folder();
  ~folder();
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  std::string path(const std::string& name = "authority") const;

private:
  std::string path_;
};

/// A clock that the test sets. Starts at the machine's time.
class set_clock final : public wall_clock {
public:
  timestamp now() const override { return now_; }
  void move(std::chrono::seconds by) { now_ += by; }

private:
  timestamp now_ = system_wall_clock().now();
};

/// Lines that other threads say, in their order.
class event_list {
public:
  void add(std::string x);
  /// The next line; fails the test if none comes within ten seconds.
  std::string next();

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<std::string> all_;
};

/// The id of a process that is not there.
caf_node process_id(uint32_t number);

/// An end that gives its sockets to the test.
class taken_sockets final : public line_end {
public:
  ~taken_sockets() override;
  caf_node self() const override { return process_id(1); }
  void attach(int socket, const caf_node& peer,
              std::function<void(end_verdict)> done) override;
  /// The next one that was attached, for the test to close.
  int take();

  std::atomic<int> busy{0}; ///< So often it says that.

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<int> all_;
};

/// A node's key with its certificate, straight from the authority.
identity join(authority& by, const std::string& node);

struct tls_wish {
  const identity* own = nullptr; ///< Null: shows none.
  std::string protocol = "quaero-node/1";
  int version_max = 0; ///< 0: any.
};

/// A peer that speaks TLS and says what the test wants. Blocks, at most for
/// ten seconds.
class raw_peer {
public:
  raw_peer(uint16_t port, const tls_wish& wish);

  /// "" or why there is no connection.
  std::string handshake();
  /// Says which process it is. @returns the hub's first byte, or -1.
  int greet(uint32_t process);
  /// What the hub has shown, in DER.
  std::string peer_certificate();
  bool send(const std::string& bytes);
  /// @returns what came of so many bytes until the end.
  std::string receive(size_t bytes);
  /// Whether nothing more comes; passes over what does.
  bool at_end();
  void close();

private:
  boost::asio::io_context io_;
  boost::asio::ssl::context context_;
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
};

/// A peer that speaks nothing, and one that does not even listen.
class plain_peer {
public:
  /// From that address of this machine.
  explicit plain_peer(uint16_t port, const char* from = "127.0.0.1");
  bool send(const std::string& bytes);
  bool at_end();

private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
};

/// A header of BASP with a payload.
struct frame {
  uint8_t operation = 0;
  uint8_t flags = 0;
  uint64_t data = 0;
  uint64_t source = 0;
  uint64_t target = 0;
  std::string payload;
  uint64_t length = UINT64_MAX; ///< Of the payload, as it is said.
};
std::string to_bytes(const frame& x);
std::string to_bytes(const caf_node& x);
/// A message, as a payload, of the types and with the contents.
std::string message_payload(const std::string& types,
                            const std::string& contents);
std::string client_handshakes(uint32_t process);

/// An authority and a tunnel with short limits, in front of what the test says.
struct hub_fixture {
  hub_fixture();
  ~hub_fixture();
  void start(line_end_ptr end);
  identity node(const std::string& name) { return join(*hub, name); }
  hub_place place(const std::string& host = "127.0.0.1") const;

  folder data;
  std::unique_ptr<authority> hub;
  hub_tunnel_config config;
  hub_tunnel tunnel;
  event_list events;
  uint16_t port = 0;
};

/// A process of its own, which runs `body` and ends with what it returns.
/// REQUIRES: this process has one thread.
class child {
public:
  /// `body` reads and writes lines.
  explicit child(std::function<int(child&)> body);
  ~child(); ///< Kills it.
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  void say(const std::string& line);
  /// The other side's next line; "" at the end, and after a minute.
  std::string hear();
  /// What it returned; -1 for a signal.
  int wait();
  void kill(int signal);

private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string held_;
};

/// Processor time of this process so far.
std::chrono::microseconds processor_time();

/// Open descriptors of this process.
size_t descriptors();

} // namespace quaero::test
