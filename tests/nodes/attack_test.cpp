// What somebody with a node's certificate can try against the hub's CAF.

#include "tests/nodes/caf_nodes.hpp"

#include <caf/atom.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <boost/test/unit_test.hpp>

#include <random>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t process = 7;

/// A hub with a node that keeps asking, and somebody who has a certificate.
struct attack_fixture : caf_hub {
  attack_fixture() {
    good = std::make_unique<child>([this](child& parent) {
      const auto at = parent.hear();
      if (at.empty())
        return 100;
      caf_node_process self{*this, own, static_cast<uint16_t>(std::stoi(at))};
      parent.say("ready");
      parent.say(self.connect());
      while (parent.hear() == "ask")
        parent.say(self.ask(1) == 2 ? "fine" : "broken");
      return 0;
    });
    start();
    ready(*good);
    BOOST_REQUIRE_EQUAL(good->hear(), "");
    BOOST_REQUIRE_EQUAL(events.next(), "open alpha");
    hub_node = to_bytes(hub_id());
  }

  caf_node hub_id() { return make_hub_end(*sys, gate)->self(); }

  bool is_well() {
    good->say("ask");
    return good->hear() == "fine";
  }

  /// Somebody new with that certificate, in front of CAF.
  std::unique_ptr<raw_peer> enter() {
    auto out = std::make_unique<raw_peer>(port, tls_wish{&mallory});
    BOOST_REQUIRE_EQUAL(out->handshake(), "");
    BOOST_REQUIRE_EQUAL(out->greet(process), 0);
    return out;
  }

  /// Says it, and is cut off for it; the others do not notice.
  void attack(const std::string& bytes) {
    auto peer = enter();
    peer->send(bytes);
    BOOST_TEST(peer->at_end());
    BOOST_TEST(is_well());
  }

  void attack(const frame& x) {
    attack(to_bytes(x));
    attack(client_handshakes(process) + to_bytes(x));
  }

  frame message(const std::string& types, const std::string& contents) {
    return {2, 0, 0, 5, gate.id(), message_payload(types, contents)};
  }

  identity own = node("alpha");
  identity mallory = node("mallory");
  std::unique_ptr<child> good;
  std::string hub_node;
};

/// Messages within messages, so deep that they fill the bytes.
std::string nested(size_t bytes) {
  const auto level = message_payload("@<>+@message", "").substr(1);
  const auto last = message_payload("@<>", "").substr(1);
  std::string out(1, '\0');
  while (out.size() + level.size() + last.size() <= bytes)
    out += level;
  return out + last;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(attacks, attack_fixture)

BOOST_AUTO_TEST_CASE(handshakes_without_a_payload) {
  attack(frame{1, 0, 0, 0, 0, ""});
  attack(frame{0, 0, 3, 0, 0, ""});
}

BOOST_AUTO_TEST_CASE(a_payload_of_four_gigabytes) {
  const auto before = resident_bytes();
  auto x = message("@<>+@str", "");
  x.length = UINT32_MAX;
  attack(x);
  attack(frame{1, 0, 0, 0, 0, "", UINT32_MAX});
  attack(frame{5, 0, 0, 1, 0, "", UINT32_MAX});
  BOOST_TEST(resident_bytes() < before + 32u * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(random_bytes) {
  std::mt19937_64 random{5};
  const auto before = resident_bytes();
  for (int round = 0; round < 30; ++round) {
    std::string bytes(4096, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    attack(bytes);
    attack(client_handshakes(process) + bytes);
  }
  BOOST_TEST(resident_bytes() < before + 32u * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(more_handshakes) {
  attack(client_handshakes(process) + client_handshakes(process));
  // In the name of another process, and of the hub's.
  attack(client_handshakes(process + 1));
  attack(to_bytes(frame{1, 0, 0, 0, 0, hub_node}));
  attack(client_handshakes(process)
         + to_bytes(frame{0, 0, 3, 0, 0, hub_node + "x"}));
}

BOOST_AUTO_TEST_CASE(the_ids_of_others) {
  // The hub's, which nobody else can be.
  raw_peer peer{port, {&mallory}};
  BOOST_REQUIRE(peer.handshake() == "");
  BOOST_TEST(peer.send(hub_node));
  BOOST_TEST(peer.receive(33).substr(0, 1) == "\x01");
  BOOST_TEST(peer.at_end());
  BOOST_TEST(is_well());
}

BOOST_AUTO_TEST_CASE(messages_that_kill_or_ask_too_much) {
  attack(message("@<>+@exit", std::string(64, '\0')));
  attack(message("@<>+@down", std::string(64, '\0')));
  attack(message("@<>+@atom+@strong_actor_ptr", std::string(64, '\0')));
  // CAF would end the actor, and take the contents of the others for a
  // stream's.
  attack(message("@<>+@error", std::string(11, '\0')));
  for (uint64_t category : {2u, 3u}) {
    auto stream = message("@<>+@u32", "abcd");
    stream.data = category << 60;
    attack(stream);
  }
  auto x = message("@<>+@atom+@str", "");
  x.flags = 1;
  x.target = caf::atom_uint(caf::atom("ConfigServ"));
  attack(x);
  x = message("@<>+@u32", "abcd");
  x.operation = 3;
  x.payload = hub_node + to_bytes(process_id(8)) + x.payload;
  attack(x);
  x = message("@<>+@u32", "abcd");
  x.target = 0;
  attack(x);
}

BOOST_AUTO_TEST_CASE(an_error_that_answers_nothing_ends_nobody) {
  auto peer = enter();
  auto x = message("@<>+@error", "\x01" + std::string(8, '\0'));
  x.payload += message_payload("@<>", "").substr(1);
  BOOST_TEST(peer->send(client_handshakes(process) + to_bytes(x)));
  // One for an actor that does not expect it, which CAF answers with an error.
  BOOST_TEST(peer->send(to_bytes(message("@<>+@u64", "12345678"))
                        + to_bytes(message("@<>+@u32", "abcd"))));
  BOOST_TEST(is_well());
  BOOST_TEST(tunnel.counts().open == 2u);
}

BOOST_AUTO_TEST_CASE(an_order_to_the_spawn_server_is_dropped) {
  auto peer = enter();
  frame x{2,
          1,
          0,
          5,
          caf::atom_uint(caf::atom("SpawnServ")),
          message_payload("@<>+@exit", std::string(64, '\0'))};
  BOOST_TEST(peer->send(client_handshakes(process) + to_bytes(x)));
  BOOST_TEST(is_well());
  peer->send(to_bytes(x));
  BOOST_TEST(peer->at_end());
  BOOST_TEST((sys->registry().get(caf::atom("SpawnServ")) != nullptr));
  BOOST_TEST(is_well());
}

BOOST_AUTO_TEST_CASE(messages_within_messages) {
  auto x = message("@<>+@message", "");
  x.payload = nested(3'000'000);
  attack(x);
  x.payload = nested(frame_limits{}.payload_bytes_max);
  attack(x);
  // In an error, which may pass: as deep as it can be.
  auto error = message("@<>+@error", "\x01");
  error.data = 0x8000000000000001;
  error.payload += std::string(8, '\0');
  error.payload
    += nested(frame_limits{}.nesting_bytes_max - error.payload.size())
         .substr(1);
  BOOST_TEST(error.payload.size() > frame_limits{}.nesting_bytes_max - 16);
  auto peer = enter();
  BOOST_TEST(peer->send(client_handshakes(process) + to_bytes(error)));
  BOOST_TEST(is_well());
}

BOOST_AUTO_TEST_CASE(numbers_without_end) {
  // Fresh senders, of each of whom CAF would keep something.
  auto all = client_handshakes(process);
  auto x = message("@<>+@u32", "abcd");
  for (uint64_t i = 0; i < 3 * frame_limits{}.sources_max; ++i) {
    x.source = 1000 + i;
    all += to_bytes(x);
  }
  attack(all);
  // Lengths within a message that it does not have.
  auto peer = enter();
  auto y = message("@<>+@str", "\xFF\xFF\xFF\xFF\x0F");
  BOOST_TEST(peer->send(client_handshakes(process) + to_bytes(y)));
  BOOST_TEST(is_well());
}

BOOST_AUTO_TEST_CASE(half_a_payload_and_then_nothing) {
  tunnel.stop();
  hub_tunnel second;
  config.limits.idle_timeout = 200ms;
  auto bound = second.start(config, *hub, make_hub_end(*sys, gate));
  BOOST_REQUIRE(bound);
  port = *bound;
  auto peer = enter();
  BOOST_TEST(peer->send(client_handshakes(process)
                        + to_bytes(message("@<>+@str", "x")).substr(0, 40)));
  BOOST_TEST(peer->at_end());
  second.stop();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(how_deep_a_payload_can_be_is_survived) {
  // By CAF alone, were it not for the types that may pass.
  for (auto bytes :
       {frame_limits{}.nesting_bytes_max, frame_limits{}.payload_bytes_max}) {
    child one{[bytes](child&) {
      network_config config;
      caf::actor_system sys{config};
      caf::scoped_execution_unit unit{&sys};
      const auto text = nested(bytes).substr(1);
      caf::message out;
      caf::binary_deserializer source{&unit, text.data(), text.size()};
      return source(out) || out.empty() ? 1 : 0;
    }};
    BOOST_TEST(one.wait() == 0, bytes);
  }
}
