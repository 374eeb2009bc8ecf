#pragma once

#include "actors/nodes/node_gate.hpp"
#include "actors/nodes/node_link.hpp"
#include "tests/support/actor_runtime.hpp"

#include <list>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace quaero::test {

/// What a line between hub and node does to messages.
struct line_rules {
  double drop = 0;   ///< Share that gets lost.
  double repeat = 0; ///< Share that comes twice.
  std::chrono::milliseconds delay_max{0};
  bool mute = false; ///< Loses all; nobody is told.
  std::chrono::milliseconds delay_min{0};
};

/// A node in this process: pools, a LINK, and the line to the hub.
/// Its worker types are "t" (an actor for each attempt) and "b" (blocks).
struct test_node {
  test_node(std::string x, caf::scheduler::test_coordinator& sched)
    : name{std::move(x)}, clock{sched} {}

  std::string name;
  scheduler_clock clock;
  node_link_config config;
  node_side side;
  line_rules rules;
  std::mt19937 dice{1};
  bool reachable = true; ///< Whether a connection can be made.
  caf::actor line;       ///< The newest.
  int connects = 0;
  uint64_t connection = 0; ///< Number of the newest one, for the hub.
  uint32_t slots = 4;
  /// One attempt; nothing: it goes on until release().
  std::function<std::optional<job_outcome>(job_context&)> execute;
  std::vector<held_attempt> held;
  std::shared_ptr<const question_actor> hub; ///< Whom its workers may ask.
  uint64_t executed = 0;
  std::vector<uint64_t> blocks; ///< Jobs of each block of type "b".
  uint64_t payload_bytes = 0;   ///< Of the blocks that passed its lines.
};

/// A whole hub (the runtime on a store in memory) and nodes that are joined to
/// it by lines that lose, repeat and delay what a test wants.
class link_fixture : public runtime_fixture {
public:
  link_fixture();
  ~link_fixture();

  /// Starts the hub.
  void start_hub();
  /// Ends it as a crash does; lines end with it. And starts it again.
  void restart_hub();
  void crash_hub();

  /// Makes a node, which connects at once if the hub is there.
  test_node& add_node(const std::string& name);
  test_node& make_node(const std::string& name); ///< Does not start it.
  void start_node(test_node& x);
  /// Its process ends.
  void kill_node(test_node& x);
  /// The line ends. @param by_peer as the tunnel tells the hub.
  void cut(test_node& x, bool by_peer);
  /// Ends attempts that the node has. @returns how many.
  size_t release(test_node& x, job_outcome outcome = job_outcome::ok());

  std::vector<job_id> enqueue(size_t n, const std::string& type = "t");
  std::vector<job_id> enqueue(std::vector<new_job> jobs);

  /// Moves the clock in steps, so that timers that arm themselves again fire.
  void run_for(std::chrono::milliseconds x, std::chrono::milliseconds step
                                            = std::chrono::milliseconds{50});

  node_view node(const std::string& name);
  link_view link(const test_node& x);
  size_t count(const std::vector<job_id>& ids, job_status status) const;
  uint64_t attempts(const job_id& id) const;

  hub_nodes_config hub_config;
  hub_nodes hub;
  /// Who answers workers, by job type; of the next start of the hub.
  std::unordered_map<std::string, question_actor> questions;
  std::list<test_node> nodes;
  std::vector<std::string> cut_off; ///< Why, of nodes that broke a rule.

private:
  uint64_t connections_ = 0;

  void connect(test_node& x);
  std::vector<worker_kind> kinds_of(test_node& x);
};

} // namespace quaero::test
