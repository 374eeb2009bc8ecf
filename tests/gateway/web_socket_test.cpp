// WebSockets, against another implementation and against raw frames.

#include "actors/gateway/frames.hpp"
#include "tests/gateway/session_fixture.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

/// Beast's client, which checks what it gets.
class peer {
public:
  explicit peer(uint16_t port, const std::string& protocols = {}) {
    socket_.next_layer().connect({asio::ip::address_v4::loopback(), port});
    if (!protocols.empty())
      socket_.set_option(websocket::stream_base::decorator(
        [protocols](websocket::request_type& x) {
          x.set(beast::http::field::sec_websocket_protocol, protocols);
        }));
    socket_.control_callback(
      [this](websocket::frame_type kind, beast::string_view) {
        pongs += kind == websocket::frame_type::pong;
        pings += kind == websocket::frame_type::ping;
      });
    socket_.handshake(response, "localhost", "/");
  }

  void send(const std::string& text) { socket_.write(asio::buffer(text)); }

  /// The next message, or "closed CODE".
  std::string read() {
    beast::flat_buffer in;
    boost::system::error_code failed;
    socket_.read(in, failed);
    if (failed == websocket::error::closed)
      return "closed " + std::to_string(socket_.reason().code);
    return failed ? failed.message() : beast::buffers_to_string(in.data());
  }

  websocket::stream<asio::ip::tcp::socket>& raw() { return socket_; }

  websocket::response_type response;
  int pongs = 0;
  int pings = 0;

private:
  asio::io_context io_;
  websocket::stream<asio::ip::tcp::socket> socket_{io_};
};

std::string masked(frame_kind kind, std::string payload, bool last = true) {
  auto out = frame_head(kind, payload.size());
  if (!last)
    out[0] = static_cast<char>(out[0] & 0x7F);
  out[1] = static_cast<char>(out[1] | 0x80);
  out += std::string{"\x01\x02\x03\x04", 4};
  for (size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ static_cast<char>(i % 4 + 1));
  return out + payload;
}

const std::string opening = "GET / HTTP/1.1\r\nHost: a\r\n"
                            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Says what it hears.
struct echo_fixture : session_fixture {
  echo_fixture() {
    on_request = [this](const exchange_ptr& ex) {
      ex->upgrade([this](const std::shared_ptr<web_socket>& x) {
        socket = x;
        std::weak_ptr<web_socket> weak = x;
        x->on_text = [this, weak](std::string_view text) {
          if (text == "throw")
            throw std::runtime_error("for a test");
          if (text == "bye")
            weak.lock()->close(1000, "good-bye");
          else
            weak.lock()->send(shared_text(std::string{text}));
        };
        x->on_closed = [this] { seen.add("closed"); };
        x->on_drained = [this] { seen.add("drained"); };
      });
    };
  }

  ~echo_fixture() override { stop(); }

  /// What the close frame says that a raw client gets for `bytes`.
  uint16_t closed_after(const std::string& bytes) {
    http_client client{port};
    client.send(opening + "\r\n" + bytes);
    BOOST_TEST(client.read_head().status == 101);
    std::string head;
    client.read_exactly(2, head);
    if (head.size() < 2 || head[0] != static_cast<char>(0x88))
      return 0;
    std::string payload;
    client.read_exactly(static_cast<unsigned char>(head[1]), payload);
    BOOST_TEST(client.at_end());
    BOOST_TEST(seen.next() == "closed");
    return read_close_code(payload);
  }

  std::shared_ptr<web_socket> socket;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(web_sockets, echo_fixture)

BOOST_AUTO_TEST_CASE(messages_of_every_size_go_both_ways) {
  start();
  peer x{port};
  for (size_t size : {0, 1, 125, 126, 127, 65535, 65536}) {
    std::string text(size, 'x');
    x.send(text);
    BOOST_TEST((x.read() == text), size);
  }
  x.send("gr\xC3\xBC\xC3\x9F");
  BOOST_TEST(x.read() == "gr\xC3\xBC\xC3\x9F");
}

BOOST_AUTO_TEST_CASE(the_key_of_the_standard_has_the_answer_of_the_standard) {
  start();
  http_client client{port};
  client.send(opening + "\r\n");
  auto reply = client.read_head();
  BOOST_TEST(reply.status == 101);
  BOOST_TEST(reply.header("sec-websocket-accept")
             == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  BOOST_TEST(reply.header("x-request-id") == "1");
}

BOOST_AUTO_TEST_CASE(a_frame_sent_with_the_handshake_is_not_lost) {
  start();
  http_client client{port};
  client.send(opening + "\r\n" + masked(frame_kind::text, "hi"));
  BOOST_TEST(client.read_head().status == 101);
  std::string got;
  client.read_exactly(4, got);
  BOOST_TEST(got == "\x81\x02hi");
  // What comes later is not mixed up with it.
  client.send(masked(frame_kind::text, "later"));
  client.read_exactly(7, got);
  BOOST_TEST(got == "\x81\x05later");
}

BOOST_AUTO_TEST_CASE(our_subprotocol_is_agreed_to_and_no_other) {
  start();
  BOOST_TEST(peer(port, "x, quaero, bearer.t")
               .response[beast::http::field::sec_websocket_protocol]
             == "quaero");
  BOOST_TEST(
    peer(port).response.count(beast::http::field::sec_websocket_protocol)
    == 0u);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_no_handshake_is_refused) {
  start();
  http_client client{port};
  auto plain = client.get("/");
  BOOST_TEST(plain.status == 426);
  BOOST_TEST(plain.header("upgrade") == "websocket");
  auto with = [&](const std::string& key, const std::string& version) {
    return client.request("GET", "/", "",
                          {{"Upgrade", "WebSocket"},
                           {"Connection", "keep-alive, Upgrade"},
                           {"Sec-WebSocket-Key", key},
                           {"Sec-WebSocket-Version", version}});
  };
  BOOST_TEST(with("dGhlIHNhbXBsZSBub25jZQ==", "8").status == 426);
  BOOST_TEST(
    with("dGhlIHNhbXBsZSBub25jZQ==", "8").header("sec-websocket-version")
    == "13");
  BOOST_TEST(with("short", "13").status == 400);
  BOOST_TEST(with("", "13").status == 400);
  BOOST_TEST(client.request("POST", "/").status == 426);
}

BOOST_AUTO_TEST_CASE(pings_are_answered_even_within_a_message) {
  start();
  peer x{port};
  x.raw().ping("a");
  x.raw().write_some(false, asio::buffer("one ", 4));
  x.raw().ping("b");
  x.raw().write_some(false, asio::buffer("two ", 4));
  x.raw().write_some(true, asio::buffer("three", 5));
  BOOST_TEST(x.read() == "one two three");
  BOOST_TEST(x.pongs == 2);
}

BOOST_AUTO_TEST_CASE(either_side_may_close) {
  start();
  {
    peer x{port};
    x.send("bye");
    BOOST_TEST(x.read() == "closed 1000");
    BOOST_TEST(x.raw().reason().reason == "good-bye");
  }
  peer y{port};
  y.raw().close({websocket::close_code::normal, "enough"});
  BOOST_TEST(seen.next() == "closed");
  run([this] { BOOST_TEST(!socket->send(shared_text("late"))); });
}

BOOST_AUTO_TEST_CASE(a_client_that_just_leaves_is_told) {
  start();
  { peer x{port}; }
  BOOST_TEST(seen.next() == "closed");
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_closes_with_1011) {
  start();
  peer x{port};
  x.send("throw");
  BOOST_TEST(x.read() == "closed 1011");
  BOOST_TEST(seen.next() == "closed");
}

BOOST_AUTO_TEST_CASE(what_the_standard_forbids_closes_with_its_code) {
  limits.message_bytes_max = 1000;
  start();
  using k = frame_kind;
  auto text = [](const std::string& x, bool last = true) {
    return masked(k::text, x, last);
  };
  BOOST_TEST(closed_after(std::string{"\x81\x02hi"}) == 1002); // Unmasked.
  auto reserved = text("hi");
  reserved[0] = static_cast<char>(0xC1);
  BOOST_TEST(closed_after(reserved) == 1002);
  auto unknown = text("hi");
  unknown[0] = static_cast<char>(0x83);
  BOOST_TEST(closed_after(unknown) == 1002);
  BOOST_TEST(closed_after(masked(k::ping, std::string(126, 'x'))) == 1002);
  BOOST_TEST(closed_after(masked(k::ping, "x", false)) == 1002);
  BOOST_TEST(closed_after(masked(k::continuation, "x")) == 1002);
  BOOST_TEST(closed_after(text("a", false) + text("b")) == 1002);
  // 126 and 127 announce lengths that do not fit in less.
  BOOST_TEST(closed_after(std::string{"\x81\xFE\x00\x02", 4}) == 1002);
  BOOST_TEST(closed_after(masked(k::binary, "x")) == 1003);
  BOOST_TEST(closed_after(text("\xFF")) == 1007);
  BOOST_TEST(closed_after(text("\xC3", false) + masked(k::continuation, "x"))
             == 1007);
  BOOST_TEST(closed_after(text(std::string(1001, 'x'))) == 1009);
  BOOST_TEST(closed_after(text(std::string(1000, 'x'), false)
                          + masked(k::continuation, "x"))
             == 1009);
  BOOST_TEST(
    closed_after(std::string{"\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10})
    == 1009);
  BOOST_TEST(closed_after(masked(k::close, "x")) == 1002);
  BOOST_TEST(closed_after(masked(k::close, std::string{"\x03\xED", 2}))
             == 1002); // 1005 is never sent.
  BOOST_TEST(closed_after(masked(k::close, std::string{"\x03\xE8\xFF", 3}))
             == 1002);
  BOOST_TEST(closed_after(masked(k::close, "")) == 1005);
  BOOST_TEST(closed_after(masked(k::close, std::string{"\x0B\xB8", 2}))
             == 3000);
}

BOOST_AUTO_TEST_CASE(a_message_as_long_as_the_limit_is_taken) {
  limits.message_bytes_max = 1000;
  start();
  peer x{port};
  x.send(std::string(1000, 'x'));
  BOOST_TEST(x.read().size() == 1000u);
  x.send(std::string(1001, 'x'));
  BOOST_TEST(x.read() == "closed 1009");
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_fills_a_bounded_buffer) {
  limits.stream_bytes_max = 100'000;
  start();
  peer x{port};
  x.send("ready");
  BOOST_TEST(x.read() == "ready");
  const auto text = shared_text(std::string(10'000, 'x'));
  size_t taken = 0;
  bool more = true;
  while (more && taken < 100'000)
    run([&] {
      more = socket->send(text);
      taken += more;
      BOOST_TEST(socket->buffered() <= limits.stream_bytes_max + 14 * 10);
    });
  BOOST_TEST(!more);
  for (size_t i = 0; i < taken; ++i)
    BOOST_REQUIRE(x.read().size() == 10'000u);
  BOOST_TEST(seen.next() == "drained");
}

BOOST_AUTO_TEST_CASE(a_client_that_pings_and_never_reads_is_cut) {
  limits.stream_bytes_max = 1000;
  start();
  http_client client{port};
  client.send(opening + "\r\n");
  const auto pings = [] {
    std::string out;
    for (int i = 0; i < 1000; ++i)
      out += masked(frame_kind::ping, std::string(125, 'x'));
    return out;
  }();
  for (int i = 0; i < 200; ++i)
    client.send(pings);
  BOOST_TEST(seen.next() == "closed");
}

BOOST_AUTO_TEST_CASE(a_silent_client_is_pinged_and_one_that_is_dead_is_cut) {
  limits.ping_interval = 50ms;
  start();
  http_client dead{port};
  dead.send(opening + "\r\n");
  BOOST_TEST(dead.read_head().status == 101);
  std::string got;
  dead.read_exactly(2, got);
  BOOST_TEST(got == (std::string{"\x89\x00", 2}));
  BOOST_TEST(dead.at_end());
  BOOST_TEST(seen.next() == "closed");
}

BOOST_AUTO_TEST_CASE(a_client_that_answers_pings_stays) {
  limits.ping_interval = 30ms;
  start();
  peer x{port};
  std::thread speaker{[this] {
    http_client dead{port}; // Is cut after two intervals.
    dead.send(opening + "\r\n");
    dead.read_head();
    std::string all;
    dead.read_exactly(100, all);
    drain();
  }};
  BOOST_TEST(x.read() == "closed 1001");
  BOOST_TEST(x.pings >= 1);
  speaker.join();
}

BOOST_AUTO_TEST_CASE(a_gateway_that_stops_closes_with_1001) {
  start();
  peer x{port};
  drain();
  BOOST_TEST(x.read() == "closed 1001");
  BOOST_TEST(seen.next() == "closed");
}

BOOST_AUTO_TEST_SUITE_END()
