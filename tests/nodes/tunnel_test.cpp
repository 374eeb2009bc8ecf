// TLS between hub and node on real sockets, before ends that are no CAF.

#include "actors/nodes/enrolment.hpp"
#include "actors/nodes/node_tunnel.hpp"
#include "actors/nodes/safe_files.hpp"
#include "actors/nodes/tls_contexts.hpp"
#include "definitions/error.hpp"
#include "tests/nodes/nodes_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <optional>
#include <thread>
#include <unistd.h>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Of the node's end: another process than that of taken_sockets.
class node_sockets final : public line_end {
public:
  caf_node self() const override { return process_id(2); }
  void attach(int socket, const caf_node& peer,
              std::function<void(end_verdict)> done) override {
    sockets.attach(socket, peer, std::move(done));
  }
  taken_sockets sockets;
};

std::string read_some(int socket, size_t bytes) {
  std::string out;
  char in[4096];
  while (out.size() < bytes) {
    auto n = ::recv(socket, in, std::min(sizeof(in), bytes - out.size()), 0);
    if (n <= 0)
      break;
    out.append(in, static_cast<size_t>(n));
  }
  return out;
}

bool is_over(int socket) {
  char in[4096];
  ssize_t n = 1;
  while (n > 0)
    n = ::recv(socket, in, sizeof(in), 0);
  return n == 0 || errno == ECONNRESET;
}

std::string server_handshake() {
  return to_bytes(
    {0, 0, 3, 0, 0, to_bytes(process_id(1)) + "what it publishes"});
}

std::string heartbeat() {
  return to_bytes({6, 0, 0, 0, 0, ""});
}

struct tunnel_fixture : hub_fixture {
  void start() { hub_fixture::start(end); }

  /// Has the node's tunnel try, and says how that goes.
  void call(node_tunnel_config with) {
    BOOST_REQUIRE(node_side.start(std::move(with), node_end) == "");
    call();
  }
  void call() {
    node_side.connect(
      [this] { node_events.add("open"); },
      [this](const std::string& why) { node_events.add("close: " + why); });
  }

  node_tunnel_config calling(const identity& own, const std::string& host
                                                  = "127.0.0.1") {
    return {place(host), own, hub->certificate(), config.limits, config.types};
  }

  /// Says what a refused node hears.
  std::string refusal(node_tunnel_config with) {
    node_tunnel one;
    event_list heard;
    if (auto why = one.start(std::move(with), node_end); !why.empty())
      return why;
    one.connect([&] { heard.add("open"); },
                [&](const std::string& why) { heard.add(why); });
    return heard.next();
  }

  std::shared_ptr<taken_sockets> end = std::make_shared<taken_sockets>();
  std::shared_ptr<node_sockets> node_end = std::make_shared<node_sockets>();
  event_list node_events;
  node_tunnel node_side;
};

std::string failure(const caf::expected<issued_certificate>& x) {
  return x ? "" : message_of(x.error());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tunnels, tunnel_fixture)

BOOST_AUTO_TEST_CASE(bytes_of_a_node_pass_both_ways) {
  start();
  call(calling(node("alpha")));
  const int at_hub = end->take();
  BOOST_TEST(
    ::send(at_hub, server_handshake().data(), server_handshake().size(), 0)
    > 0);
  BOOST_TEST(node_events.next() == "open");
  BOOST_TEST(events.next() == "open alpha");
  const int at_node = node_end->sockets.take();
  BOOST_TEST(
    (read_some(at_node, server_handshake().size()) == server_handshake()));
  const auto said = client_handshakes(2) + heartbeat();
  BOOST_TEST(::send(at_node, said.data(), said.size(), 0) > 0);
  BOOST_TEST((read_some(at_hub, said.size()) == said));
  // What ends here, ends there.
  ::close(at_hub);
  BOOST_TEST(is_over(at_node));
  BOOST_TEST(events.next() == "close alpha: closed by our own end");
  BOOST_TEST(node_events.next() == "close: closed by the other end");
  ::close(at_node);
  BOOST_TEST(tunnel.counts().open == 0u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_connection_that_was_replaced_is_not_told) {
  start();
  call(calling(node("alpha")));
  const auto hello = server_handshake();
  const int first = end->take();
  BOOST_TEST(::send(first, hello.data(), hello.size(), 0) > 0);
  BOOST_TEST(node_events.next() == "open");
  call();
  const int second = end->take();
  BOOST_TEST(::send(second, hello.data(), hello.size(), 0) > 0);
  BOOST_TEST(node_events.next() == "open");
  node_side.close("enough");
  BOOST_TEST(node_events.next() == "close: enough");
  for (const int x :
       {first, second, node_end->sockets.take(), node_end->sockets.take()})
    ::close(x);
}

BOOST_AUTO_TEST_CASE(who_has_no_certificate_of_a_node_is_refused) {
  start();
  const auto alpha = node("alpha");
  folder elsewhere;
  std::string why;
  auto other = authority::open({elsewhere.path(), {}}, why);
  BOOST_REQUIRE(other);
  const auto foreign = join(*other, "alpha");
  const auto of_hub = hub->hub();
  for (const auto* own :
       {static_cast<const identity*>(nullptr), &foreign, &of_hub}) {
    raw_peer peer{port, {own}};
    BOOST_TEST((peer.handshake() != "" || peer.greet(2) == -1));
  }
  BOOST_TEST(tunnel.counts().open == 0u);
  // Nor who does not say what it wants, or wants something else.
  for (const auto* protocol : {"", "http/1.1", "quaero-node/2"}) {
    raw_peer peer{port, {&alpha, protocol}};
    BOOST_TEST((peer.handshake() != "" || peer.greet(2) == -1), protocol);
  }
  raw_peer good{port, {&alpha}};
  BOOST_TEST(good.handshake() == "");
  BOOST_TEST(good.greet(2) == 0);
}

BOOST_AUTO_TEST_CASE(an_expired_or_revoked_certificate_is_refused) {
  set_clock past;
  past.move(-60 * 24h);
  std::string why;
  authority_config then;
  then.folder = data.path();
  then.clock = &past;
  then.node_validity = 59 * 24h;
  hub = authority::open(then, why);
  BOOST_REQUIRE_MESSAGE(hub, why);
  const auto old = node("old");
  start();
  BOOST_TEST(has(refusal(calling(old)), "expired"));
  tunnel.stop();
  past.move(60 * 24h);
  const auto alpha = node("alpha");
  hub_tunnel second;
  auto bound = second.start(config, *hub, end);
  BOOST_REQUIRE(bound);
  port = *bound;
  BOOST_TEST(!hub->revoke("alpha"));
  BOOST_TEST(has(refusal(calling(alpha)), "revoked"));
}

BOOST_AUTO_TEST_CASE(a_connected_node_that_is_revoked_is_cut) {
  start();
  const auto alpha = node("alpha");
  raw_peer peer{port, {&alpha}};
  BOOST_REQUIRE(peer.handshake() == "");
  BOOST_REQUIRE(peer.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  BOOST_TEST(!hub->revoke("alpha"));
  tunnel.cut("alpha", "it was revoked");
  BOOST_TEST(peer.at_end());
  BOOST_TEST(events.next() == "close alpha: it was revoked");
}

BOOST_AUTO_TEST_CASE(a_node_takes_no_hub_but_its_own) {
  const auto alpha = node("alpha");
  config.address = "0.0.0.0"; // More addresses than its certificate has.
  start();
  BOOST_TEST(has(refusal(calling(alpha, "hub.invalid")), "no such host"));
  folder elsewhere;
  std::string why;
  auto other = authority::open({elsewhere.path(), {}}, why);
  BOOST_REQUIRE(other);
  auto with = calling(alpha);
  with.authority = other->certificate();
  BOOST_TEST(has(refusal(with), "certificate"));
  BOOST_TEST(has(refusal(calling(alpha, "127.0.0.2")), "IP address mismatch"));
  BOOST_TEST(refusal(calling({alpha.certificate, make_key()}))
             == "the node's certificate cannot be used");
}

BOOST_AUTO_TEST_CASE(a_node_is_no_hub) {
  const auto alpha = node("alpha");
  const auto mallory = node("mallory");
  // One that answers as the hub would, with what it has.
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor door{
    io, {boost::asio::ip::address_v4::loopback(), 0}};
  port = door.local_endpoint().port();
  auto context = make_hub_context(
    mallory, hub->certificate(),
    [](const std::string&, const std::string&) { return std::string{}; });
  BOOST_REQUIRE(context);
  std::thread impostor{[&] {
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket> line{io, *context};
    door.accept(line.next_layer());
    boost::system::error_code failed;
    line.handshake(boost::asio::ssl::stream_base::server, failed);
  }};
  const auto heard = refusal(calling(alpha));
  impostor.join();
  BOOST_TEST(has(heard, "its certificate: "));
}

BOOST_AUTO_TEST_CASE(versions_of_tls_from_1_2_on_are_taken) {
  start();
  const auto alpha = node("alpha");
  for (auto version : {TLS1_VERSION, TLS1_1_VERSION}) {
    raw_peer peer{port, {&alpha, "quaero-node/1", version}};
    BOOST_TEST(peer.handshake() != "");
  }
  for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    raw_peer peer{port, {&alpha, "quaero-node/1", version}};
    BOOST_TEST(peer.handshake() == "");
    BOOST_TEST(peer.greet(2) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_silent_or_slow_peer_is_gone_in_time_and_costs_nothing) {
  config.limits.handshake_timeout = 1s;
  start();
  const auto alpha = node("alpha");
  const auto before = processor_time();
  plain_peer silent{port};
  plain_peer slow{port};
  BOOST_TEST(slow.send("\x16\x03\x01"));
  plain_peer garbage{port};
  BOOST_TEST(garbage.send(std::string(100, 'x')));
  raw_peer no_process{port, {&alpha}};
  BOOST_TEST(no_process.handshake() == "");
  raw_peer no_request{port, {nullptr, "quaero-enrol/1"}};
  BOOST_TEST(no_request.handshake() == "");
  BOOST_TEST(no_request.send(std::string(1, '\0')));
  BOOST_TEST(silent.at_end());
  BOOST_TEST(slow.at_end());
  BOOST_TEST(garbage.at_end());
  BOOST_TEST(no_process.at_end());
  BOOST_TEST(no_request.at_end());
  BOOST_TEST((processor_time() - before).count() < 300'000);
  BOOST_TEST(tunnel.counts().open == 0u);
}

BOOST_AUTO_TEST_CASE(a_node_of_whom_nothing_comes_is_closed) {
  config.limits.idle_timeout = 100ms;
  start();
  const auto alpha = node("alpha");
  raw_peer peer{port, {&alpha}};
  BOOST_REQUIRE(peer.handshake() == "");
  BOOST_REQUIRE(peer.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  BOOST_TEST(events.next() == "close alpha: silent for too long");
  BOOST_TEST(peer.at_end());
}

BOOST_AUTO_TEST_CASE(a_node_that_takes_nothing_is_closed_and_holds_nothing_up) {
  config.limits.write_timeout = 200ms;
  start();
  const auto alpha = node("alpha");
  raw_peer peer{port, {&alpha}};
  BOOST_REQUIRE(peer.handshake() == "");
  BOOST_REQUIRE(peer.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  const int at_hub = end->take();
  timeval wait{0, 50'000};
  ::setsockopt(at_hub, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  BOOST_TEST(
    ::send(at_hub, server_handshake().data(), server_handshake().size(), 0)
    > 0);
  // It is not read until it is taken: what fits is what the sockets hold.
  frame x{2, 0, 0, 5, 6, message_payload("@<>+@str", std::string(60'000, 'x'))};
  const auto bytes = to_bytes(x);
  size_t sent = 0;
  for (ssize_t n = 1; n > 0 && sent < 256u * 1024 * 1024;) {
    n = ::send(at_hub, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    sent += n > 0 ? static_cast<size_t>(n) : 0;
  }
  BOOST_TEST(sent < 64u * 1024 * 1024);
  BOOST_TEST(events.next() == "close alpha: does not take what is sent");
  ::close(at_hub);
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_refused_ends_the_connection) {
  start();
  const auto alpha = node("alpha");
  raw_peer peer{port, {&alpha}};
  BOOST_REQUIRE(peer.handshake() == "");
  BOOST_REQUIRE(peer.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  const int at_hub = end->take();
  BOOST_TEST(peer.send(client_handshakes(2) + std::string(32, '\xFF')));
  BOOST_TEST(peer.at_end());
  BOOST_TEST(has(events.next(), "close alpha: refused: "));
  BOOST_TEST((read_some(at_hub, 1000).size() <= 128u));
  BOOST_TEST(is_over(at_hub));
  ::close(at_hub);
}

BOOST_AUTO_TEST_CASE(a_node_that_comes_again_replaces_itself) {
  start();
  const auto alpha = node("alpha");
  const auto beta = node("beta");
  raw_peer first{port, {&alpha}};
  BOOST_REQUIRE(first.handshake() == "");
  BOOST_REQUIRE(first.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  end->busy = 3; // CAF is not done at once.
  raw_peer second{port, {&alpha}};
  BOOST_REQUIRE(second.handshake() == "");
  BOOST_REQUIRE(second.greet(2) == 0);
  BOOST_TEST(events.next() == "close alpha: the node has connected again");
  BOOST_TEST(events.next() == "open alpha");
  BOOST_TEST(first.at_end());
  // Another node cannot be the same process, nor anybody the hub's.
  raw_peer third{port, {&beta}};
  BOOST_REQUIRE(third.handshake() == "");
  BOOST_TEST(third.greet(2) == 2);
  raw_peer fourth{port, {&beta}};
  BOOST_REQUIRE(fourth.handshake() == "");
  BOOST_TEST(fourth.greet(1) == 1);
  raw_peer fifth{port, {&beta}};
  BOOST_REQUIRE(fifth.handshake() == "");
  BOOST_TEST(fifth.greet(3) == 0);
  BOOST_TEST(events.next() == "open beta");
  BOOST_TEST(tunnel.counts().open == 2u);
}

BOOST_AUTO_TEST_CASE(a_node_comes_as_so_many_processes_in_an_hour) {
  config.limits.processes_max = 2;
  start();
  const auto alpha = node("alpha");
  auto come = [&](const identity& own, uint32_t process) {
    raw_peer peer{port, {&own}};
    BOOST_REQUIRE(peer.handshake() == "");
    return peer.greet(process);
  };
  BOOST_TEST(come(alpha, 2) == 0);
  BOOST_TEST(come(alpha, 3) == 0);
  BOOST_TEST(come(alpha, 3) == 0); // It is only back.
  BOOST_TEST(come(alpha, 4) == 6);
  BOOST_TEST(come(alpha, 3) == 0);
  BOOST_TEST(come(node("beta"), 5) == 0);
}

BOOST_AUTO_TEST_CASE(who_joins_again_ends_the_connection_that_is_there) {
  start();
  const auto alpha = node("alpha");
  raw_peer first{port, {&alpha}};
  BOOST_REQUIRE(first.handshake() == "");
  BOOST_REQUIRE(first.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  auto token = hub->invite("alpha", {"noop"});
  BOOST_REQUIRE(token);
  BOOST_REQUIRE(join_hub(place(), *read_invitation(*token), make_key()));
  BOOST_TEST(events.next() == "close alpha: somebody has joined in its name");
  BOOST_TEST(first.at_end());
}

BOOST_AUTO_TEST_CASE(the_hub_s_certificate_is_replaced_while_it_runs) {
  std::string why;
  authority_config short_lived;
  short_lived.folder = data.path();
  // Always about to end.
  short_lived.renew_before = short_lived.hub_validity;
  hub = authority::open(short_lived, why);
  BOOST_REQUIRE_MESSAGE(hub, why);
  config.renewal_interval = 20ms;
  start();
  const auto alpha = node("alpha");
  raw_peer first{port, {&alpha}};
  BOOST_REQUIRE(first.handshake() == "");
  BOOST_REQUIRE(first.greet(2) == 0);
  BOOST_TEST(events.next() == "open alpha");
  const auto shown = first.peer_certificate();
  auto other = shown;
  for (int i = 0; i < 1000 && other == shown; ++i) {
    raw_peer next{port, {&alpha}};
    BOOST_REQUIRE(next.handshake() == "");
    other = next.peer_certificate();
  }
  BOOST_TEST((other != shown));
  // The connection that was there is still there, and new ones are trusted.
  BOOST_TEST(tunnel.counts().open == 1u);
  call(calling(alpha));
  BOOST_TEST(events.next() == "close alpha: the node has connected again");
  BOOST_TEST(events.next() == "open alpha");
}

BOOST_AUTO_TEST_CASE(a_former_connection_that_does_not_end_keeps_the_node_out) {
  config.limits.former_timeout = 50ms;
  start();
  end->busy = 1'000'000;
  BOOST_TEST(has(refusal(calling(node("alpha"))), "is not over yet"));
}

BOOST_AUTO_TEST_CASE(so_many_nodes_and_handshakes_and_no_more) {
  config.limits.connections_max = 1;
  config.limits.handshakes_max = 2;
  start();
  const auto alpha = node("alpha");
  const auto beta = node("beta");
  raw_peer first{port, {&alpha}};
  BOOST_REQUIRE(first.handshake() == "");
  BOOST_REQUIRE(first.greet(2) == 0);
  raw_peer second{port, {&beta}};
  BOOST_REQUIRE(second.handshake() == "");
  BOOST_TEST(second.greet(3) == 5);
  BOOST_TEST(second.at_end());
  BOOST_TEST(events.next() == "open alpha");
  plain_peer one{port};
  plain_peer two{port};
  plain_peer three{port};
  BOOST_TEST(three.at_end());
  BOOST_TEST(tunnel.counts().handshakes == 2u);
  // The node is still served.
  BOOST_TEST(first.send(client_handshakes(2)));
  const int at_hub = end->take();
  BOOST_TEST((read_some(at_hub, 128) == client_handshakes(2)));
  ::close(at_hub);
}

BOOST_AUTO_TEST_CASE(one_address_cannot_take_all_places) {
  config.address = "0.0.0.0";
  config.limits.address_handshakes_max = 2;
  start();
  plain_peer one{port};
  plain_peer two{port};
  plain_peer three{port};
  BOOST_TEST(three.at_end());
  plain_peer elsewhere{port, "127.0.0.2"};
  const auto alpha = node("alpha");
  BOOST_TEST(has(refusal(calling(alpha)), "hub"));
  BOOST_TEST(tunnel.counts().handshakes == 3u);
}

// -- enrolment ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_node_joins_with_an_invitation_and_renews) {
  start();
  const auto key = make_key();
  auto token = hub->invite("alpha", {"crawler", "agent"});
  BOOST_REQUIRE(token);
  const auto with = *read_invitation(*token);
  auto joined = join_hub(place("localhost"), with, key);
  BOOST_REQUIRE_EQUAL(failure(joined), "");
  BOOST_TEST(joined->node == "alpha");
  BOOST_TEST(joined->authority == hub->certificate());
  BOOST_TEST(joined->workers.size() == 2u);
  identity own{joined->certificate, key};
  raw_peer peer{port, {&own}};
  BOOST_TEST(peer.handshake() == "");
  BOOST_TEST(peer.greet(2) == 0);
  const auto next_key = make_key();
  auto renewed = renew_certificate(place(), own, joined->authority, next_key);
  BOOST_REQUIRE_EQUAL(failure(renewed), "");
  identity next{renewed->certificate, next_key};
  raw_peer again{port, {&next}};
  BOOST_TEST(again.handshake() == "");
  BOOST_TEST(again.greet(2) == 0);
  // Used up, and not for another one.
  auto other = join_hub(place(), with, make_key());
  BOOST_REQUIRE(!other);
  BOOST_TEST(has(message_of(other.error()), "was used already"));
  BOOST_TEST(!hub->revoke("alpha"));
  BOOST_TEST(!renew_certificate(place(), next, joined->authority, next_key));
}

BOOST_AUTO_TEST_CASE(an_invitation_is_shown_to_nobody_but_its_hub) {
  config.address = "0.0.0.0";
  start();
  folder elsewhere;
  std::string why;
  auto other = authority::open({elsewhere.path(), {}}, why);
  BOOST_REQUIRE(other);
  auto token = other->invite("alpha", {"noop"});
  BOOST_REQUIRE(token);
  auto joined = join_hub(place(), *read_invitation(*token), make_key());
  BOOST_REQUIRE(!joined);
  BOOST_TEST(has(message_of(joined.error()), "its certificate: "));
  auto own = hub->invite("alpha", {"noop"});
  auto elsewhere_host
    = join_hub(place("127.0.0.2"), *read_invitation(*own), make_key());
  BOOST_TEST(has(failure(elsewhere_host), "IP address mismatch"));
  BOOST_TEST(!!join_hub(place(), *read_invitation(*own), make_key()));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_none_is_answered_or_cut) {
  start();
  auto ask = [&](const std::string& text, size_t length) {
    raw_peer peer{port, {nullptr, "quaero-enrol/1"}};
    BOOST_REQUIRE(peer.handshake() == "");
    const auto said = write_length(length);
    peer.send(std::string{said.begin(), said.end()} + text);
    return peer.receive(300);
  };
  for (const auto& text :
       {std::string{"{}"}, std::string{"x"}, std::string(10, '['),
        std::string{R"({"request":"x"})"},
        std::string{R"({"invitation":"qn1.AAAA","request":"x"})"}})
    BOOST_TEST(has(ask(text, text.size()), "\"error\""), text);
  const auto most = config.limits.enrolment_bytes_max;
  BOOST_TEST(has(ask(std::string(most, ' '), most), "\"error\""));
  BOOST_TEST(ask("", most + 1) == "");
  BOOST_TEST(ask("", UINT32_MAX) == "");
}

BOOST_AUTO_TEST_CASE(no_descriptor_left_refuses_and_harms_nothing) {
  start();
  const auto alpha = node("alpha");
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int peer = ::socket(AF_INET, SOCK_STREAM, 0);
  // All numbers below the first free one are in use, and no others are left.
  const int free = ::dup(peer);
  ::close(free);
  rlimit low{static_cast<rlim_t>(free), before.rlim_max};
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  const auto used = processor_time();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_TEST(::connect(peer, reinterpret_cast<sockaddr*>(&to), sizeof(to))
             == 0);
  BOOST_TEST(is_over(peer));
  BOOST_TEST((processor_time() - used).count() < 200'000);
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  ::close(peer);
  BOOST_TEST(tunnel.counts().accept_failures > 0u);
  // It may still be closing all who had come by then.
  std::optional<raw_peer> good;
  std::string refused = "never tried";
  for (int tries = 0; tries < 100 && !refused.empty(); ++tries)
    refused = good.emplace(port, tls_wish{&alpha}).handshake();
  BOOST_TEST(refused == "");
  BOOST_TEST(good->greet(2) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
