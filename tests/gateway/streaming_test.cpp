// Answers that are written piece by piece.

#include "tests/gateway/session_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct stream_fixture : session_fixture {
  stream_fixture() {
    on_request = [this](const exchange_ptr& ex) {
      stream = ex->open_stream({200, "", "text/plain", {}});
      if (!stream)
        return seen.add("no stream");
      stream->on_closed = [this] { seen.add("closed"); };
      stream->on_drained = [this] { seen.add("drained"); };
      seen.add("open");
    };
  }

  ~stream_fixture() override { stop(); }

  bool write(const std::string& x) {
    bool taken = false;
    run([&] { taken = stream->write(shared_text(x)); });
    return taken;
  }

  void end() {
    run([this] { stream->close(); });
  }

  http_client& open(const std::string& version = "1.1") {
    client.emplace(port);
    client->send("GET / HTTP/" + version + "\r\nHost: a\r\n\r\n");
    BOOST_REQUIRE(seen.next() == "open");
    return *client;
  }

  std::shared_ptr<answer_stream> stream;
  std::optional<http_client> client;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(streaming, stream_fixture)

BOOST_AUTO_TEST_CASE(pieces_arrive_in_their_order_while_the_answer_goes_on) {
  start();
  auto& peer = open();
  auto head = peer.read_head();
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.header("transfer-encoding") == "chunked");
  std::string got;
  BOOST_TEST(write("one"));
  BOOST_TEST(peer.read_chunk(got));
  BOOST_TEST(got == "one");
  BOOST_TEST(write(""));
  BOOST_TEST(write("two"));
  BOOST_TEST(write("three"));
  end();
  while (peer.read_chunk(got)) {
    // Reads on.
  }
  BOOST_TEST(got == "onetwothree");
}

BOOST_AUTO_TEST_CASE(the_connection_serves_another_request_afterwards) {
  start();
  auto& peer = open();
  peer.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n"); // Sent ahead.
  BOOST_TEST(write("one"));
  auto first = stream;
  end();
  BOOST_TEST(peer.read_reply().body == "one");
  BOOST_TEST(seen.next() == "open");
  BOOST_TEST(!first->write(shared_text("late")));
  BOOST_TEST(first->buffered() == 0u);
  BOOST_TEST(write("two"));
  end();
  end();
  BOOST_TEST(peer.read_reply().body == "two");
}

BOOST_AUTO_TEST_CASE(a_request_may_arrive_partly_during_the_stream) {
  start();
  auto& peer = open();
  BOOST_TEST(peer.read_head().status == 200);
  // The second request, and half of the third.
  peer.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\nGET /third HT");
  std::string got;
  BOOST_TEST(write("one"));
  BOOST_TEST(peer.read_chunk(got));
  end();
  BOOST_TEST(!peer.read_chunk(got));
  BOOST_TEST(seen.next() == "open");
  end();
  BOOST_TEST(peer.read_reply().status == 200);
  peer.send("TP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(seen.next() == "open");
  end();
  BOOST_TEST(peer.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_the_pieces_until_the_connection_ends) {
  start();
  auto& peer = open("1.0");
  auto head = peer.read_head();
  BOOST_TEST(head.header("transfer-encoding") == "");
  BOOST_TEST(head.header("connection") == "close");
  BOOST_TEST(write("one"));
  BOOST_TEST(write("two"));
  end();
  std::string got;
  peer.read_exactly(100, got);
  BOOST_TEST(got == "onetwo");
}

BOOST_AUTO_TEST_CASE(a_head_request_gets_the_head_and_no_stream) {
  start();
  http_client peer{port};
  BOOST_TEST(peer.request("HEAD", "/").status == 200);
  BOOST_TEST(seen.next() == "no stream");
  BOOST_TEST(peer.request("HEAD", "/").status == 200); // Nothing in between.
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_fills_a_bounded_buffer) {
  limits.stream_bytes_max = 100'000;
  start();
  auto& peer = open();
  const std::string piece(10'000, 'x');
  size_t taken = 0;
  // The system takes some of it, more or less.
  while (taken < 100'000'000 && write(piece))
    taken += piece.size();
  BOOST_TEST(taken < 100'000'000u);
  run([&] { BOOST_TEST(stream->buffered() <= limits.stream_bytes_max); });
  BOOST_TEST(peer.read_head().status == 200);
  std::string got;
  while (got.size() < taken && peer.read_chunk(got)) {
    // Reads on.
  }
  BOOST_TEST(got.size() == taken);
  BOOST_TEST(seen.next() == "drained");
  BOOST_TEST(write(piece));
}

BOOST_AUTO_TEST_CASE(
  a_piece_as_large_as_the_buffer_is_taken_and_no_larger_one) {
  limits.stream_bytes_max = 1000;
  start();
  auto& peer = open();
  BOOST_TEST(peer.read_head().status == 200);
  run([] {}); // What was sent is known to be sent.
  BOOST_TEST(write(std::string(1000, 'x')));
  BOOST_TEST(!write(std::string(1001, 'x')));
}

BOOST_AUTO_TEST_CASE(a_client_that_takes_nothing_in_time_is_cut) {
  limits.write_timeout = 50ms;
  start();
  open();
  while (write(std::string(100'000, 'x'))) {
    // Until it is full.
  }
  BOOST_TEST(seen.next() == "closed");
  BOOST_TEST(!write("more"));
}

BOOST_AUTO_TEST_CASE(a_stream_without_anything_to_say_is_not_cut) {
  limits.write_timeout = 20ms;
  limits.request_timeout = 20ms;
  limits.read_timeout = 60ms;
  start();
  auto& peer = open();
  BOOST_TEST(peer.read_head().status == 200);
  // Time enough for both to be over.
  http_client other{port};
  other.send("GET / HT");
  BOOST_TEST(other.read_reply().status == 408);
  BOOST_TEST(write("still here"));
  std::string got;
  BOOST_TEST(peer.read_chunk(got));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_is_told) {
  start();
  open();
  client.reset();
  BOOST_TEST(seen.next() == "closed");
  BOOST_TEST(!write("more"));
}

BOOST_AUTO_TEST_CASE(a_gateway_that_stops_ends_the_stream_properly) {
  start();
  auto& peer = open();
  BOOST_TEST(write("one"));
  drain();
  BOOST_TEST(seen.next() == "closed");
  BOOST_TEST(peer.read_reply().body == "one");
  BOOST_TEST(peer.at_end());
}

BOOST_AUTO_TEST_SUITE_END()
