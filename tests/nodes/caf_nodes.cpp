#include "tests/nodes/caf_nodes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace quaero::test {

namespace {

using namespace std::chrono_literals;

struct gate_state {
  uint64_t bytes = 0;
};

gate_actor::behavior_type
run_gate(gate_actor::stateful_pointer<gate_state> self, caf_hub* hub) {
  self->set_down_handler(
    [hub](caf::down_msg&) { hub->gate_events.add("down"); });
  return {
    [](uint32_t x) { return x + 1; },
    [self](const std::string& x) { self->state.bytes += x.size(); },
    [self](caf::get_atom) { return self->state.bytes; },
    [self, hub](const caf::actor& x) {
      self->monitor(x);
      hub->guest = x;
      hub->gate_events.add("guest");
    },
  };
}

} // namespace

caf_hub::caf_hub() {
  config.types.push_back("@<>+@actor");
}

caf_hub::~caf_hub() {
  tunnel.stop();
  guest = nullptr;
  if (sys)
    caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
  gate = nullptr;
}

void caf_hub::start(caf_end_limits limits) {
  sys.emplace(network);
  gate = sys->spawn(run_gate, this);
  hub_fixture::start(make_hub_end(*sys, gate, limits));
}

void caf_hub::ready(child& node) {
  node.say(std::to_string(port));
  BOOST_REQUIRE_EQUAL(node.hear(), "ready");
}

caf_node_process::caf_node_process(const caf_hub& hub, const identity& own,
                                   uint16_t port)
  : network{hub.node_heartbeat}, sys{network} {
  auto end = make_node_end(
    sys, sys.message_types(gate_actor{}),
    [this](caf::expected<caf::strong_actor_ptr> x) {
      if (x) {
        std::lock_guard lock{guard};
        newest = *x;
      }
      events.add(x ? "gate" : "no gate: " + sys.render(x.error()));
    });
  auto why = tunnel.start({{"127.0.0.1", port},
                           own,
                           hub.hub->certificate(),
                           hub.config.limits,
                           hub.config.types},
                          end);
  if (!why.empty())
    events.add(why);
  self.emplace(sys);
}

caf_node_process::~caf_node_process() {
  tunnel.stop();
}

std::string caf_node_process::connect() {
  tunnel.connect(
    nullptr, [this](const std::string& why) { events.add("closed: " + why); });
  if (auto x = events.next(); x != "gate")
    return x;
  std::lock_guard lock{guard};
  gate = caf::actor_cast<gate_actor>(newest);
  newest = nullptr;
  (*self)->monitor(gate);
  return {};
}

uint32_t caf_node_process::ask(uint32_t x) {
  uint32_t out = 0;
  (*self)
    ->request(gate, 10s, x)
    .receive([&](uint32_t y) { out = y; }, [](caf::error&) {});
  return out;
}

bool caf_node_process::wait_down() {
  bool out = false;
  (*self)->receive([&](caf::down_msg&) { out = true; },
                   caf::after(20s) >> [] {});
  return out;
}

size_t resident_bytes() {
#ifdef __SANITIZE_ADDRESS__
  return 0; // It keeps what is freed.
#endif
  std::ifstream in{"/proc/self/statm"};
  size_t all = 0;
  size_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

size_t listeners() {
  size_t out = 0;
  for (const auto& x : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (::getsockopt(std::stoi(x.path().filename()), SOL_SOCKET, SO_ACCEPTCONN,
                     &listens, &size)
          == 0
        && listens != 0)
      ++out;
  }
  return out;
}

} // namespace quaero::test
