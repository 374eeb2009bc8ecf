#include "actors/nodes/caf_end.hpp"
#include "actors/nodes/node_gate.hpp"
#include "actors/nodes/wire_items.hpp"
#include "actors/nodes/wire_rules.hpp"
#include "actors/nodes/wire_stream.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace quaero;

namespace {

template <class T>
std::string bytes_of(const T& x) {
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  BOOST_TEST(!sink(x));
  return {bytes.begin(), bytes.end()};
}

std::string hex(const std::string& x) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (unsigned char c : x) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

wire_hello_v1 some_hello() {
  wire_hello_v1 x;
  x.build = "0.1";
  x.schema = "ab";
  x.node = "n1";
  x.instance = 2;
  x.epoch = 3;
  x.received = 4;
  x.window = 64;
  x.now = 5;
  x.labels = {"gpu"};
  x.offers = {{"t", 1, 16, true}};
  return x;
}

wire_report_v1 some_report() {
  wire_report_v1 x;
  x.type = "t";
  x.epoch = 1;
  x.attempt = 1;
  x.outcome = job_outcome::ok();
  return x;
}

/// Two ends and a wire that loses, repeats and mixes blocks.
struct lossy_wire {
  explicit lossy_wire(stream_limits limits) : from{limits}, to{limits} {}

  void carry(uint32_t seed, double loss) {
    std::mt19937 dice{seed};
    std::uniform_real_distribution<> share{0, 1};
    std::vector<std::pair<uint64_t, std::string>> sent;
    auto send = [&](uint64_t n, const std::string& x) {
      for (int i = 0; i < 2; ++i)
        if (share(dice) > loss)
          sent.emplace_back(n, x);
    };
    for (int round = 0; round < 1000 && (from.owes() || round == 0); ++round) {
      from.on_signal(to.received(), to.granted());
      from.flush(send);
      from.resend(send);
      std::shuffle(sent.begin(), sent.end(), dice);
      most = std::max(most, sent.size());
      for (const auto& [n, x] : sent)
        BOOST_TEST((to.take(n, x, [&](std::string_view y) {
          items.emplace_back(y);
        }) != stream_receiver::verdict::broken));
      sent.clear();
      from.on_signal(to.received(), to.granted());
      from.flush(send);
    }
  }

  stream_sender from;
  stream_receiver to;
  std::vector<std::string> items;
  size_t most = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_wire)

BOOST_AUTO_TEST_CASE(items_come_once_and_in_order_over_any_wire) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    lossy_wire wire{{4, 100, 8, 10'000}};
    std::vector<std::string> wanted;
    for (size_t i = 0; i < 200; ++i) {
      wanted.push_back(std::string(1 + (i * 37) % 400, char('a' + i % 26)));
      BOOST_TEST(wire.from.push(wanted.back()));
    }
    wire.carry(seed, 0.3);
    BOOST_TEST(wire.items == wanted, boost::test_tools::per_element());
    BOOST_TEST(wire.from.bytes() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(no_more_is_sent_than_was_granted) {
  stream_sender from{{1, 100, 1000, 1000}};
  for (int i = 0; i < 100; ++i)
    from.push("x");
  size_t sent = 0;
  auto count = [&](uint64_t, const std::string&) { ++sent; };
  from.flush(count);
  BOOST_TEST(sent == 0u);
  from.on_signal(0, 5);
  from.flush(count);
  BOOST_TEST(sent == 5u);
  from.on_signal(2, 6);
  from.flush(count);
  BOOST_TEST(sent == 6u);
}

BOOST_AUTO_TEST_CASE(no_more_is_out_than_the_window_has) {
  stream_sender from{{1, 100, 3, 1000}};
  for (int i = 0; i < 100; ++i)
    from.push("x");
  size_t sent = 0;
  from.on_signal(0, 100);
  from.flush([&](uint64_t, const std::string&) { ++sent; });
  BOOST_TEST(sent == 3u);
}

BOOST_AUTO_TEST_CASE(a_block_has_no_more_items_and_bytes_than_its_limits) {
  stream_sender from{{10, 100, 1000, 1000}};
  for (int i = 0; i < 25; ++i)
    from.push("x");
  from.push(std::string(250, 'x'));
  from.on_signal(0, 100);
  std::vector<size_t> sizes;
  from.flush(
    [&](uint64_t, const std::string& x) { sizes.push_back(x.size()); });
  // Each item has four bytes of length.
  const std::vector<size_t> wanted{50, 50, 100, 100, 79};
  BOOST_TEST(sizes == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_item_beyond_its_limit_is_neither_sent_nor_taken) {
  stream_sender from{{10, 100, 10, 1000}};
  BOOST_TEST(from.push(std::string(1000, 'x')));
  BOOST_TEST(!from.push(std::string(1001, 'x')));
  stream_receiver to{{10, 100, 10, 999}};
  from.on_signal(0, 10);
  bool broken = false;
  from.flush([&](uint64_t n, const std::string& x) {
    broken |= to.take(n, x, [](std::string_view) {})
              == stream_receiver::verdict::broken;
  });
  BOOST_TEST(broken);
}

BOOST_AUTO_TEST_CASE(what_was_never_sent_cannot_be_acknowledged) {
  stream_sender from;
  BOOST_TEST(!from.on_signal(1, 10));
  BOOST_TEST(from.on_signal(0, 10));
}

BOOST_AUTO_TEST_CASE(a_stream_begins_again_with_whole_items) {
  stream_sender from{{10, 100, 10, 1000}};
  from.push(std::string(150, 'a'));
  from.push("b");
  from.push("c");
  from.on_signal(0, 1);
  auto ignore = [](uint64_t, const std::string&) {};
  from.flush(ignore); // a part of the first item
  from.restart([](std::string_view x) { return x != "b"; });
  stream_receiver to;
  std::vector<std::string> got;
  from.on_signal(0, 10);
  from.flush([&](uint64_t n, const std::string& x) {
    to.take(n, x, [&](std::string_view y) { got.emplace_back(y); });
  });
  const std::vector<std::string> wanted{std::string(150, 'a'), "c"};
  BOOST_TEST(got == wanted, boost::test_tools::per_element());
}

// What is sent by one version is read by another one. A change here needs a
// type with a new name.
BOOST_AUTO_TEST_CASE(messages_have_the_bytes_that_they_always_had) {
  BOOST_TEST(hex(bytes_of(some_hello()))
             == "000000010000000103302e31026162026e31000000000000000200000000"
                "000000030000000000000004000000000000004000000000000000050103"
                "677075010174000000010000001001");
  wire_welcome_v1 welcome;
  welcome.protocol = 1;
  welcome.reason = "no";
  welcome.build = "0.1";
  welcome.epoch = 2;
  welcome.resumed = true;
  welcome.received = 3;
  welcome.granted = 4;
  welcome.lease_ms = 5;
  welcome.renew_ms = 6;
  BOOST_TEST(hex(bytes_of(welcome))
             == "00000001026e6f03302e3100000000000000020100000000000000030000"
                "0000000000040000000500000006");
  BOOST_TEST(hex(bytes_of(wire_block_v1{1, 2, 3, 4, "xy"}))
             == "000000000000000100000000000000020000000000000003000000000000"
                "0004027879");
  BOOST_TEST(hex(bytes_of(wire_pulse_v1{1, 2, 3, 4, {"t"}}))
             == "000000000000000100000000000000020000000000000003000000000000"
                "0004010174");
}

BOOST_AUTO_TEST_CASE(tunnels_let_exactly_the_four_messages_pass) {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("testing"));
  add_node_messages(config);
  caf::actor_system sys{config};
  const std::vector<std::string> wanted{
    type_names(sys, caf::make_message(wire_hello_v1{})),
    type_names(sys, caf::make_message(wire_welcome_v1{})),
    type_names(sys, caf::make_message(wire_block_v1{})),
    type_names(sys, caf::make_message(wire_pulse_v1{}))};
  BOOST_TEST(node_message_types() == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(items_have_the_bytes_that_they_always_had) {
  BOOST_TEST(wire_schema()
             == "cc76f407c9364387517335112ffb10ec53db50cfe7d01de451b165f3dd6e"
                "ad69");
  BOOST_TEST(hex(to_item(wire_expire_v1{"t"})) == "030174");
  BOOST_TEST(hex(to_item(wire_question_v1{job_id{}, 1, 2, "q"}))
             == "080000000000000000000000000000000000000000000000010000000000"
                "0000020171");
  BOOST_TEST(hex(to_item(wire_answer_v1{job_id{}, 2, true, "a"}))
             == "09000000000000000000000000000000000000000000000002010161");
  BOOST_TEST(hex(to_item(wire_ready_v1{"t", 16, {job_id{}}, {1}, {2}}))
             == "050174000000100100000000000000000000000000000000010000000000"
                "0000010100000002");
  BOOST_TEST(hex(to_item(some_report()))
             == "060174000000000000000000000000000000000000000000000001000000"
                "010000000000000000000000000000000000000200010000000000000000"
                "000000000000000000000000000000");
}

BOOST_AUTO_TEST_CASE(items_arrive_as_they_left) {
  leased_job lease;
  lease.job.type = "t";
  lease.epoch = 7;
  auto item = read_item(to_item(wire_assign_v1{lease, {{"k", "text", "s"}}}));
  auto* assign = std::get_if<wire_assign_v1>(&item);
  BOOST_REQUIRE(assign != nullptr);
  BOOST_TEST((assign->lease.job == lease.job));
  BOOST_TEST(assign->lease.epoch == 7u);
  BOOST_REQUIRE(assign->secrets.size() == 1u);
  BOOST_TEST(assign->secrets[0].seal == "s");
  auto asked = read_item(to_item(wire_question_v1{job_id{}, 1, 2, "q"}));
  BOOST_TEST(std::get<wire_question_v1>(asked).text == "q");
  auto told = read_item(to_item(wire_answer_v1{job_id{}, 2, true, "a"}));
  BOOST_TEST(std::get<wire_answer_v1>(told).ok);
  auto back = read_item(to_item(some_report()));
  BOOST_TEST(std::get<wire_report_v1>(back).type == "t");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_item_are_none) {
  const auto whole = to_item(some_report());
  auto is_none = [](std::string_view x) {
    return std::holds_alternative<std::monostate>(read_item(x));
  };
  BOOST_TEST(is_none(""));
  BOOST_TEST(is_none(std::string(1, '\x7f')));
  BOOST_TEST(is_none(whole + "x"));
  for (size_t n = 0; n < whole.size(); ++n)
    BOOST_TEST(is_none(whole.substr(0, n)));
  // Lengths that no bytes follow cost nothing.
  std::mt19937 dice{1};
  for (int i = 0; i < 20'000; ++i) {
    std::string x(1 + dice() % 64, '\0');
    for (auto& c : x)
      c = static_cast<char>(dice());
    x[0] = static_cast<char>(1 + dice() % 9);
    read_item(x);
  }
}

BOOST_AUTO_TEST_CASE(every_field_of_a_hello_is_checked) {
  const wire_limits limits;
  BOOST_TEST(check(some_hello(), limits) == "");
  const std::vector<std::function<void(wire_hello_v1&)>> mistakes{
    [](auto& x) { x.protocol_min = 0; },
    [](auto& x) { x.protocol_min = 3; },
    [](auto& x) { x.build = "\xff"; },
    [](auto& x) { x.build = std::string(257, 'x'); },
    [](auto& x) { x.schema = ""; },
    [](auto& x) { x.node = "../n1"; },
    [](auto& x) { x.instance = 0; },
    [](auto& x) { x.window = 0; },
    [](auto& x) { x.window = 1025; },
    [](auto& x) { x.now = -1; },
    [](auto& x) { x.now = INT64_MAX; },
    [](auto& x) { x.labels = {"a b"}; },
    [](auto& x) { x.labels.assign(65, "l"); },
    [](auto& x) { x.offers[0].type = ""; },
    [](auto& x) { x.offers[0].slots = 0; },
    [](auto& x) { x.offers[0].slots = 10'001; },
    [](auto& x) { x.offers.push_back(x.offers[0]); },
    [](auto& x) {
      x.offers.resize(201, {"u", 1, 1, true});
    },
  };
  for (size_t i = 0; i < mistakes.size(); ++i) {
    auto x = some_hello();
    mistakes[i](x);
    BOOST_TEST(check(x, limits) != "", "mistake " << i);
  }
}

BOOST_AUTO_TEST_CASE(every_field_of_a_report_is_checked) {
  const report_limits limits;
  auto good = some_report();
  good.children.resize(1);
  good.children[0].type = "t";
  good.documents.resize(1);
  good.documents[0].source_type = "s";
  good.documents[0].source_id = "1";
  good.lines.resize(1);
  BOOST_TEST(check(good, limits) == "");
  const std::vector<std::function<void(wire_report_v1&)>> mistakes{
    [](auto& x) { x.outcome.status = job_status::running; },
    [](auto& x) { x.outcome.status = static_cast<job_status>(77); },
    [](auto& x) { x.outcome.error = "\xff"; },
    [](auto& x) { x.outcome.error = std::string(65537, 'x'); },
    [](auto& x) { x.outcome.result = "[]"; },
    [](auto& x) { x.outcome.result = "{"; },
    [](auto& x) { x.outcome.snooze = std::chrono::milliseconds{-1}; },
    [](auto& x) { x.outcome.snooze = std::chrono::hours{24 * 400}; },
    [](auto& x) { x.run_ns = -1; },
    [](auto& x) { x.retry_ns = -1; },
    [](auto& x) { x.retry_ns = INT64_MAX; },
    [](auto& x) { x.children[0].type = ""; },
    [](auto& x) { x.children[0].type = std::string(256, 'x'); },
    [](auto& x) { x.children[0].name = "\xff"; },
    [](auto& x) { x.children[0].config = "1"; },
    [](auto& x) { x.children[0].metadata = "no"; },
    [](auto& x) { x.children[0].queue = "a b"; },
    [](auto& x) { x.children[0].priority = 10; },
    [](auto& x) { x.children[0].run_at -= std::chrono::hours{1}; },
    [](auto& x) { x.children[0].retry.attempts = 0; },
    [](auto& x) { x.children[0].retry.attempts = 101; },
    [](auto& x) { x.children[0].retry.jitter = 2; },
    [](auto& x) { x.children[0].tags = {"\xff"}; },
    [](auto& x) { x.children[0].unique_key = std::string(256, 'x'); },
    [](auto& x) { x.children[0].limit_key = "\xff"; },
    [](auto& x) { x.children[0].timeout = std::chrono::milliseconds{-1}; },
    [](auto& x) { x.children.resize(100'001); },
    [](auto& x) { x.documents[0].source_id = ""; },
    [](auto& x) { x.documents[0].source_type = ""; },
    [](auto& x) { x.documents[0].id = "doc_1"; },
    [](auto& x) { x.documents[0].title = "\xff"; },
    [](auto& x) { x.documents[0].content_markdown = "\xff"; },
    [](auto& x) { x.documents[0].metadata = "[]"; },
    [](auto& x) { x.documents[0].detail_level = "some"; },
    [](auto& x) { x.documents[0].tags.resize(1001); },
    [](auto& x) { x.documents[0].jobs = {"another"}; },
    [](auto& x) { x.documents.resize(10'001); },
    [](auto& x) { x.lines[0].level = static_cast<log_level>(9); },
    [](auto& x) { x.lines[0].origin = log_origin::manager; },
    [](auto& x) { x.lines.resize(150'001); },
  };
  for (size_t i = 0; i < mistakes.size(); ++i) {
    auto x = good;
    mistakes[i](x);
    BOOST_TEST(check(x, limits) != "", "mistake " << i);
  }
}

BOOST_AUTO_TEST_SUITE_END()
