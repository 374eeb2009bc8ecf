// What may pass between CAF's ends, byte by byte.

#include "actors/nodes/frame_guard.hpp"
#include "tests/nodes/nodes_fixture.hpp"

#include <caf/atom.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/io/basp/version.hpp>

#include <boost/test/unit_test.hpp>

#include <random>

using namespace quaero;
using namespace quaero::test;

namespace {

const auto hub = process_id(1);
const auto node = process_id(2);
const auto stranger = process_id(3);

frame_rules rules_of(frame_sender sender) {
  const bool by_hub = sender == frame_sender::hub;
  return {sender,
          by_hub ? hub : node,
          by_hub ? node : hub,
          {"@<>+@u32", "@<>+job.v1", "@<>"},
          {}};
}

frame server_handshake() {
  return {0, 0, 3, 0, 0, to_bytes(hub) + "what it publishes"};
}

frame client_handshake(uint8_t flags) {
  return {1, flags, 0, 0, 0, to_bytes(node)};
}

std::string greeting(frame_sender sender) {
  if (sender == frame_sender::hub)
    return to_bytes(server_handshake());
  return to_bytes(client_handshake(0)) + to_bytes(client_handshake(2));
}

frame message(const std::string& types = "@<>+@u32", const std::string& contents
                                                     = "abcd") {
  return {2, 0, 77, 5, 6, message_payload(types, contents)};
}

frame failure() {
  auto out = message("@<>+@error", "bad");
  out.data = 0x8000000000000001;
  return out;
}

frame spawn_question() {
  return {2,
          1,
          0,
          5,
          caf::atom_uint(caf::atom("SpawnServ")),
          message_payload("@<>+@atom", "12345678")};
}

/// What the guard says of all of it, at once.
std::string verdict(const std::string& bytes, frame_rules rules) {
  frame_guard guard{std::move(rules)};
  std::string out;
  return guard.take(bytes, out);
}

std::string verdict(frame_sender sender, const frame& x) {
  return verdict(greeting(sender) + to_bytes(x), rules_of(sender));
}

std::string verdict(const frame& x) {
  const auto by_node = verdict(frame_sender::node, x);
  return by_node == verdict(frame_sender::hub, x) ? by_node : "differs";
}

} // namespace

BOOST_AUTO_TEST_SUITE(frame_guards)

BOOST_AUTO_TEST_CASE(it_is_the_protocol_of_the_headers_that_are_installed) {
  BOOST_TEST(caf::io::basp::header_size == 32u);
  BOOST_TEST(caf::io::basp::version == 3u);
  BOOST_TEST(is_plain(hub));
  BOOST_TEST(!is_plain(caf_node{}));
}

BOOST_AUTO_TEST_CASE(what_two_processes_need_passes_at_every_split) {
  const auto ids = to_bytes(node) + to_bytes(hub);
  const std::string one = greeting(frame_sender::node) + to_bytes(message())
                          + to_bytes({6, 0, 0, 0, 0, ""})
                          + to_bytes({4, 0, 0, 0, 9, ids})
                          + to_bytes({5, 0, 0, 9, 0, ids + "why"})
                          + to_bytes(message("@<>+job.v1", "x"))
                          + to_bytes(message("@<>", "")) + to_bytes(failure());
  for (size_t cut = 0; cut <= one.size(); ++cut) {
    frame_guard guard{rules_of(frame_sender::node)};
    std::string out;
    BOOST_REQUIRE(guard.take(one.substr(0, cut), out) == "");
    BOOST_REQUIRE(out.size() + guard.held() == cut);
    BOOST_REQUIRE(guard.take(one.substr(cut), out) == "");
    BOOST_REQUIRE(out == one);
    BOOST_REQUIRE(guard.held() == 0u);
  }
  frame_guard guard{rules_of(frame_sender::node)};
  std::string out;
  for (auto c : one) {
    BOOST_REQUIRE(guard.take({&c, 1}, out) == "");
    BOOST_REQUIRE(guard.held() <= 100 + frame_limits{}.type_bytes_max);
  }
  BOOST_TEST((out == one));
  BOOST_TEST(guard.frames() == 9u);
}

BOOST_AUTO_TEST_CASE(the_question_for_a_spawn_server_is_dropped_once) {
  const auto before = greeting(frame_sender::node);
  const auto question = to_bytes(spawn_question());
  const auto after = to_bytes(message());
  const auto all = before + question + after;
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    frame_guard guard{rules_of(frame_sender::node)};
    std::string out;
    BOOST_REQUIRE(guard.take(all.substr(0, cut), out) == "");
    BOOST_REQUIRE(guard.take(all.substr(cut), out) == "");
    BOOST_REQUIRE(out == before + after);
  }
  BOOST_TEST(verdict(before + question + question, rules_of(frame_sender::node))
             == "a message by name");
  auto order = spawn_question();
  order.target = caf::atom_uint(caf::atom("ConfigServ"));
  BOOST_TEST(verdict(order) == "a message by name");
  order = spawn_question();
  order.payload.resize(frame_limits{}.nesting_bytes_max);
  BOOST_TEST(verdict(order) == "");
  order.payload += 'x';
  BOOST_TEST(verdict(order) == "a message by name");
}

BOOST_AUTO_TEST_CASE(an_error_that_answers_nothing_is_dropped) {
  auto lost = failure();
  lost.data = 0x1000000000000000;
  lost.payload.resize(10'000);
  const auto before = greeting(frame_sender::hub);
  const auto after = to_bytes(failure()) + to_bytes(message());
  const auto all = before + to_bytes(lost) + to_bytes(lost) + after;
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    frame_guard guard{rules_of(frame_sender::hub)};
    std::string out;
    BOOST_REQUIRE(guard.take(all.substr(0, cut), out) == "");
    BOOST_REQUIRE(guard.take(all.substr(cut), out) == "");
    BOOST_REQUIRE(out == before + after);
  }
}

BOOST_AUTO_TEST_CASE(handshakes_come_first_and_once) {
  BOOST_TEST(verdict(to_bytes(message()), rules_of(frame_sender::node))
             == "no handshake comes first");
  BOOST_TEST(verdict(to_bytes({6, 0, 0, 0, 0, ""}), rules_of(frame_sender::hub))
             == "no handshake comes first");
  BOOST_TEST(verdict(to_bytes(client_handshake(0)) + to_bytes(message()),
                     rules_of(frame_sender::node))
             == "no handshake comes first");
  BOOST_TEST(verdict(frame_sender::node, client_handshake(2))
             == "a second handshake");
  BOOST_TEST(verdict(frame_sender::hub, server_handshake())
             == "a second handshake");
  BOOST_TEST(
    verdict(to_bytes(client_handshake(0)) + to_bytes(client_handshake(0)),
            rules_of(frame_sender::node))
    == "a handshake that is none");
  BOOST_TEST(
    verdict(to_bytes(client_handshake(2)), rules_of(frame_sender::node))
    == "a handshake that is none");
  BOOST_TEST(verdict(to_bytes(server_handshake()), rules_of(frame_sender::node))
             == "the handshake of the other end");
  BOOST_TEST(verdict(to_bytes(client_handshake(0)), rules_of(frame_sender::hub))
             == "the handshake of the other end");
}

BOOST_AUTO_TEST_CASE(a_handshake_is_whole_and_in_its_own_name) {
  auto of_node = [](frame x) {
    return verdict(to_bytes(x), rules_of(frame_sender::node));
  };
  auto of_hub
    = [](frame x) { return verdict(to_bytes(x), rules_of(frame_sender::hub)); };
  auto x = client_handshake(0);
  x.payload = "";
  BOOST_TEST(of_node(x) == "a handshake of a wrong length");
  x.payload = to_bytes(node) + "x";
  BOOST_TEST(of_node(x) == "a handshake of a wrong length");
  x.payload = to_bytes(stranger);
  BOOST_TEST(of_node(x) == "a handshake in another's name");
  x = server_handshake();
  x.payload = to_bytes(hub);
  BOOST_TEST(of_hub(x) == "a handshake of a wrong length");
  x.payload = to_bytes(node) + "x";
  BOOST_TEST(of_hub(x) == "a handshake in another's name");
  x = server_handshake();
  x.payload.resize(frame_limits{}.handshake_bytes_max);
  BOOST_TEST(of_hub(x) == "");
  x.payload += 'x';
  BOOST_TEST(of_hub(x) == "a handshake of a wrong length");
  x = server_handshake();
  x.data = 4;
  BOOST_TEST(of_hub(x) == "a handshake that is none");
}

BOOST_AUTO_TEST_CASE(a_message_is_as_long_as_it_may_be_and_no_longer) {
  const auto most = frame_limits{}.payload_bytes_max;
  auto x = message();
  x.payload.resize(most);
  BOOST_TEST(verdict(x) == "");
  x.payload += 'x';
  BOOST_TEST(verdict(x) == "a message of 262145 bytes; at most 262144 are");
  x = message();
  x.payload = "";
  BOOST_TEST(verdict(x) == "a message without a payload");
  x.length = UINT32_MAX;
  BOOST_TEST(verdict(x).starts_with("a message of 4294967295 bytes"));
  x = failure();
  x.payload.resize(frame_limits{}.nesting_bytes_max);
  BOOST_TEST(verdict(x) == "");
  x.payload += 'x';
  BOOST_TEST(verdict(x) == "an error that is too long");
}

BOOST_AUTO_TEST_CASE(only_listed_messages_to_somebody_pass) {
  BOOST_TEST(verdict(message("@<>+@exit", "")).ends_with("is not ours"));
  BOOST_TEST(verdict(message("@<>+@message", "")).ends_with("is not ours"));
  BOOST_TEST(verdict(message("@<>+@u32+@u32", "")).ends_with("is not ours"));
  BOOST_TEST(verdict(message("@<>+@u3", "")).ends_with("is not ours"));
  BOOST_TEST(verdict(message("", "")).ends_with("is not ours"));
  const auto most = frame_limits{}.type_bytes_max;
  BOOST_TEST(
    verdict(message(std::string(most, 'x'), "")).ends_with("is not ours"));
  BOOST_TEST(verdict(message(std::string(most + 1, 'x'), ""))
             == "a message of too many parts");
  BOOST_TEST(verdict(message(std::string(20'000, 'x'), ""))
             == "a message of too many parts");
  auto x = message();
  x.target = 0;
  BOOST_TEST(verdict(x) == "a message to nobody");
  x = message();
  x.flags = 4;
  BOOST_TEST(verdict(x) == "a message to nobody");
  for (uint64_t category : {0u, 1u, 2u, 3u}) {
    x = message();
    x.data = category << 60 | 77;
    BOOST_TEST(verdict(x) == (category < 2 ? "" : "a message of a stream"));
  }
  x = message();
  x.payload[0] = 1;
  BOOST_TEST(verdict(x) == "a message that was passed on");
  x = message();
  for (size_t n = 1; n < x.payload.size() - 4; ++n) {
    auto part = x;
    part.payload.resize(n);
    BOOST_TEST(verdict(part) != "", n);
  }
  x.operation = 3;
  BOOST_TEST(verdict(x) == "a routed message");
  x.operation = 7;
  BOOST_TEST(verdict(x) == "an unknown operation");
}

BOOST_AUTO_TEST_CASE(notices_are_between_the_two) {
  auto of_node = [](frame x) { return verdict(frame_sender::node, x); };
  const auto right = to_bytes(node) + to_bytes(hub);
  for (const auto& wrong :
       {to_bytes(hub) + to_bytes(node), to_bytes(stranger) + to_bytes(hub),
        to_bytes(node) + to_bytes(stranger)}) {
    BOOST_TEST(of_node({4, 0, 0, 0, 9, wrong})
               == "a notice from or to another process");
    BOOST_TEST(of_node({5, 0, 0, 9, 0, wrong + "x"})
               == "a notice from or to another process");
  }
  BOOST_TEST(of_node({4, 0, 0, 0, 9, right}) == "");
  BOOST_TEST(of_node({4, 0, 0, 0, 9, right + "x"})
             == "a notice of a wrong length");
  BOOST_TEST(of_node({4, 0, 0, 0, 0, right})
             == "a monitor message that is none");
  BOOST_TEST(of_node({5, 0, 0, 9, 0, right}) == "a notice of a wrong length");
  auto most = right;
  most.resize(frame_limits{}.nesting_bytes_max);
  BOOST_TEST(of_node({5, 0, 0, 9, 0, most}) == "");
  BOOST_TEST(of_node({5, 0, 0, 9, 0, most + "x"})
             == "a notice of a wrong length");
  BOOST_TEST(of_node({5, 0, 0, 9, 9, right + "x"})
             == "a down message that is none");
  BOOST_TEST(of_node({6, 0, 0, 0, 0, "x"}) == "a heartbeat that is none");
  BOOST_TEST(of_node({6, 0, 1, 0, 0, ""}) == "a heartbeat that is none");
}

BOOST_AUTO_TEST_CASE(reserved_bytes_stay_unused) {
  for (size_t at : {1u, 2u}) {
    auto bytes = to_bytes(message());
    bytes[at] = 1;
    BOOST_TEST(verdict(greeting(frame_sender::node) + bytes,
                       rules_of(frame_sender::node))
               == "reserved bytes are in use");
  }
}

BOOST_AUTO_TEST_CASE(so_many_actors_speak_and_no_more) {
  auto all = greeting(frame_sender::node);
  auto x = message();
  for (int round = 0; round < 2; ++round)
    for (uint64_t i = frame_limits{}.sources_max; i > 0; --i) {
      x.source = i;
      all += to_bytes(x);
    }
  BOOST_TEST(verdict(all, rules_of(frame_sender::node)) == "");
  x.source = frame_limits{}.sources_max + 1;
  BOOST_TEST(verdict(all + to_bytes(x), rules_of(frame_sender::node))
             == "too many actors speak");
}

BOOST_AUTO_TEST_CASE(what_was_refused_stays_refused) {
  frame_guard guard{rules_of(frame_sender::node)};
  std::string out;
  BOOST_TEST(guard.take(std::string(64, '\xFF'), out) != "");
  BOOST_TEST(guard.take(greeting(frame_sender::node), out) != "");
  BOOST_TEST(out == "");
  auto same = rules_of(frame_sender::node);
  same.to = same.from;
  BOOST_TEST(verdict(greeting(frame_sender::node), same) != "");
  same = rules_of(frame_sender::node);
  same.from = {};
  BOOST_TEST(verdict(greeting(frame_sender::node), same) != "");
}

BOOST_AUTO_TEST_CASE(random_bytes_never_pass_and_are_never_kept) {
  std::mt19937_64 random{11};
  for (int round = 0; round < 20'000; ++round) {
    frame_guard guard{
      rules_of(round % 2 == 0 ? frame_sender::node : frame_sender::hub)};
    std::string out;
    std::string in(64, '\0');
    for (auto& c : in)
      c = static_cast<char>(random());
    if (round % 3 == 0)
      in[0] = static_cast<char>(random() % 8);
    BOOST_REQUIRE(guard.take(in, out) != "");
    BOOST_REQUIRE(out == "");
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_passes_only_where_it_cannot_matter) {
  // Numbers that only CAF can judge: whom a message is from and to, and what
  // it holds.
  const auto before = greeting(frame_sender::node);
  const auto bytes = to_bytes(message());
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    frame_guard guard{rules_of(frame_sender::node)};
    std::string out;
    const bool passes = guard.take(before + damaged, out) == "";
    const auto at = bit / 8;
    const bool judged
      = at < 4 || bit == 8 * 8 + 5 || (at >= 32 && at < bytes.size() - 4);
    BOOST_TEST(!(passes && judged), bit);
    BOOST_TEST(out.size() <= before.size() + damaged.size());
  }
}

BOOST_AUTO_TEST_SUITE_END()
