// Real actor systems, one a process, that talk through the tunnel. CAF listens
// nowhere.

#include "tests/nodes/caf_nodes.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

struct caf_fixture : caf_hub {
  /// A process that runs `body` when it is told the port.
  std::unique_ptr<child>
  make_node(std::function<int(caf_node_process&, child&)> body) {
    return std::make_unique<child>([this, body](child& parent) {
      const auto at = parent.hear();
      if (at.empty())
        return 100;
      caf_node_process one{*this, own, static_cast<uint16_t>(std::stoi(at))};
      parent.say("ready");
      return body(one, parent);
    });
  }

  identity own = node("alpha");
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(caf_ends, caf_fixture)

BOOST_AUTO_TEST_CASE(two_systems_talk_and_neither_has_a_port_of_caf) {
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    if (auto why = self.connect(); !why.empty())
      parent.say(why);
    if (self.ask(41) != 42)
      return 1;
    // Much, with a question now and then so that it does not pile up.
    for (uint32_t i = 0; i < 400; ++i) {
      (*self.self)->send(self.gate, std::string(200'000, 'x'));
      if (i % 20 == 0 && self.ask(i) != i + 1)
        return 2;
    }
    uint64_t bytes = 0;
    (*self.self)
      ->request(self.gate, 30s, caf::get_atom_v)
      .receive([&](uint64_t x) { bytes = x; }, [](caf::error&) {});
    return bytes != 80'000'000 ? 3 : listeners() != 0 ? 4 : 0;
  });
  start();
  ready(*alpha);
  BOOST_TEST(events.next() == "open alpha");
  BOOST_TEST(alpha->wait() == 0);
  BOOST_TEST(listeners() == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_process_is_told_at_once) {
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    parent.say(self.connect());
    auto visitor = self.sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](uint32_t) {}};
    });
    (*self.self)->send(self.gate, visitor);
    parent.hear();
    return 0;
  });
  start();
  ready(*alpha);
  BOOST_TEST(alpha->hear() == "");
  BOOST_TEST(events.next() == "open alpha");
  BOOST_TEST(gate_events.next() == "guest");
  alpha->kill(SIGKILL);
  BOOST_TEST(gate_events.next() == "down");
  BOOST_TEST(has(events.next(), "close alpha: "));
}

BOOST_AUTO_TEST_CASE(the_end_of_an_actor_is_told) {
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    parent.say(self.connect());
    auto visitor = self.sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](uint32_t) {}};
    });
    (*self.self)->send(self.gate, visitor);
    parent.hear();
    caf::anon_send_exit(visitor, caf::exit_reason::user_shutdown);
    return self.wait_down() ? 0 : 1;
  });
  start();
  ready(*alpha);
  BOOST_TEST(alpha->hear() == "");
  BOOST_TEST(gate_events.next() == "guest");
  alpha->say("end it");
  BOOST_TEST(gate_events.next() == "down");
  caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
  BOOST_TEST(alpha->wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_cut_hears_it_and_comes_back) {
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    for (int round = 0; round < 3; ++round) {
      if (auto why = self.connect(); !why.empty()) {
        parent.say(why);
        return 1;
      }
      if (self.ask(1) != 2)
        return 2;
      parent.say("asked");
      if (!self.wait_down() || !self.events.next().starts_with("closed: "))
        return 3;
    }
    return 0;
  });
  start();
  ready(*alpha);
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(events.next() == "open alpha");
    BOOST_TEST(alpha->hear() == "asked");
    tunnel.cut("alpha", "the test wants it");
    BOOST_TEST(events.next() == "close alpha: the test wants it");
  }
  BOOST_TEST(alpha->wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_thousand_connections_leave_nothing_behind) {
  constexpr int rounds = 1000;
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    size_t before = 0;
    for (int round = 0; round < rounds; ++round) {
      if (auto why = self.connect(); !why.empty()) {
        parent.say(std::to_string(round) + ": " + why);
        return 1;
      }
      if (self.ask(7) != 8) {
        parent.say(std::to_string(round) + ": no answer");
        return 2;
      }
      self.tunnel.close("next");
      if (!self.wait_down() || self.events.next() != "closed: next") {
        parent.say(std::to_string(round) + ": no end");
        return 3;
      }
      if (round == 20)
        before = descriptors();
    }
    parent.say("done");
    return descriptors() > before + 2 ? 4 : 0;
  });
  start();
  ready(*alpha);
  size_t files = 0;
  size_t bytes = 0;
  for (int round = 0; round < rounds; ++round) {
    if (auto x = events.next(); x != "open alpha")
      BOOST_FAIL("round " << round << ": " << x << "; the node says "
                          << alpha->hear());
    BOOST_REQUIRE(has(events.next(), "close alpha: "));
    if (round == 100) {
      files = descriptors();
      bytes = resident_bytes();
    }
  }
  BOOST_TEST(alpha->hear() == "done");
  BOOST_TEST(alpha->wait() == 0);
  BOOST_TEST(descriptors() <= files + 2);
  BOOST_TEST(resident_bytes() <= bytes + 8u * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(a_heartbeat_does_not_end_a_connection_that_is_new) {
  node_heartbeat = 200us; // So that one comes at any moment.
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    for (int round = 0; round < 200; ++round) {
      if (auto why = self.connect(); !why.empty()) {
        parent.say(std::to_string(round) + ": " + why);
        return 1;
      }
      self.tunnel.close("next");
      if (!self.wait_down() || self.events.next() != "closed: next")
        return 2;
    }
    parent.say("done");
    return 0;
  });
  start();
  ready(*alpha);
  BOOST_TEST(alpha->hear() == "done");
  BOOST_TEST(alpha->wait() == 0);
}

BOOST_AUTO_TEST_CASE(who_does_not_listen_is_left_before_memory_is_full) {
  config.limits.idle_timeout = 60s; // Not this one.
  config.limits.write_timeout = 60s;
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    parent.say(self.connect());
    auto visitor = self.sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](const std::string&) {}};
    });
    (*self.self)->send(self.gate, visitor);
    parent.hear();
    return 0;
  });
  start({4 * 1024 * 1024, 10s});
  ready(*alpha);
  BOOST_TEST(alpha->hear() == "");
  BOOST_TEST(events.next() == "open alpha");
  BOOST_TEST(gate_events.next() == "guest");
  alpha->kill(SIGSTOP);
  const auto before = resident_bytes();
  for (int i = 0; i < 1000; ++i)
    caf::anon_send(guest, std::string(100'000, 'x'));
  BOOST_TEST(events.next() == "close alpha: closed by our own end");
  BOOST_TEST(gate_events.next() == "down");
  BOOST_TEST(resident_bytes() < before + 150u * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(a_process_that_stops_is_given_up_by_its_silence) {
  config.limits.idle_timeout = 3s;
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    parent.say(self.connect());
    parent.hear();
    return 0;
  });
  start();
  ready(*alpha);
  BOOST_TEST(alpha->hear() == "");
  BOOST_TEST(events.next() == "open alpha");
  alpha->kill(SIGSTOP);
  BOOST_TEST(events.next() == "close alpha: silent for too long");
}

BOOST_AUTO_TEST_CASE(a_message_that_is_too_large_ends_at_its_sender) {
  auto alpha = make_node([](caf_node_process& self, child& parent) {
    parent.say(self.connect());
    (*self.self)->send(self.gate, std::string(300'000, 'x'));
    if (!self.wait_down())
      return 1;
    parent.say(self.events.next());
    if (!self.connect().empty())
      return 2;
    return self.ask(1) == 2 ? 0 : 3;
  });
  start();
  ready(*alpha);
  BOOST_TEST(alpha->hear() == "");
  BOOST_TEST(has(alpha->hear(), "closed: refused, of our own: a message of 3"));
  BOOST_TEST(alpha->wait() == 0);
}

BOOST_AUTO_TEST_CASE(types_are_named_as_caf_writes_them) {
  start();
  BOOST_TEST(type_names(*sys, caf::make_message(uint32_t{1}, std::string{}))
             == "@<>+@u32+@str");
  BOOST_TEST(type_names(*sys, caf::make_message()) == "@<>");
}

BOOST_AUTO_TEST_SUITE_END()
