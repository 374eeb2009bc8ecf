#pragma once

#include "actors/nodes/wire_messages.hpp"
#include "definitions/time.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What actors of one process tell each other of nodes.
namespace quaero {

struct node_worker_view {
  std::string type;
  uint32_t version = 0;
  uint32_t slots = 0;
  uint64_t running = 0;
  bool ready = false; ///< Its pool takes jobs.
};

enum class node_state : uint8_t {
  connected,
  lost,    ///< Not connected; its jobs wait for it, or for its lease to end.
  over,    ///< Not connected, and it has no jobs.
  refused, ///< Its last hello was; `reason` says why.
};

std::string to_string(node_state x);

/// How a node is, as the hub sees it.
struct node_view {
  std::string name;
  node_state state = node_state::over;
  std::string reason;
  bool draining = false;
  uint64_t epoch = 0;
  uint32_t protocol = 0;
  std::string build;
  std::string address;   ///< Of its newest connection.
  timestamp since{};     ///< Of its state.
  timestamp last_seen{}; ///< Its last sign of life.
  std::vector<std::string> labels;
  std::vector<node_worker_view> workers; ///< In the order in which it offers.
  uint64_t reports = 0;                  ///< Taken, of this epoch.
  uint64_t refused_reports = 0;          ///< That were no job of its.
};

enum class link_state : uint8_t {
  offline, ///< No connection; waits before it tries again.
  dialing, ///< The tunnel has been asked for one.
  greeting,
  online,
};

std::string to_string(link_state x);

/// How the way to the hub is, as the node sees it.
struct link_view {
  link_state state = link_state::offline;
  std::string reason; ///< Why it is not online.
  uint64_t epoch = 0;
  std::string hub_build;
  uint64_t running = 0;
  uint64_t backlog_bytes = 0; ///< That the hub has not acknowledged.
  uint64_t lines_dropped = 0;
  bool draining = false;
};

/// A node that said hello, as the gate found it.
struct arrival {
  wire_hello_v1 hello;
  caf::strong_actor_ptr link;
  std::string node; ///< By its certificate.
  std::string address;
};

} // namespace quaero

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::node_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::node_view>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::link_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::arrival)
