#pragma once

#include "tests/support/tcp_proxy.hpp"
#include "tests/system/node_fixture.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace quaero::test {

/// What is to happen. The order of faults, their kinds and times follow from
/// the seed; how far the daemons are at that moment does not.
struct soak_plan {
  uint64_t seed = 1;
  std::chrono::milliseconds time{12'000};
  /// How long a process stands still, or a line is stalled.
  std::vector<std::chrono::milliseconds> pauses{
    std::chrono::milliseconds{500}, std::chrono::milliseconds{2000},
    std::chrono::milliseconds{4500}};
  std::chrono::milliseconds gap_max{700}; ///< Between two faults.
  std::string lease = "3s";
};

/// A hub and three nodes, each behind a line of its own, under load from
/// outside. A client that enqueues jobs and starts runs writes down what was
/// acknowledged, and sends again what was not answered. Another one has
/// subscribed to everything and reads nothing.
class soak : public node_fixture {
public:
  explicit soak(soak_plan how);

  /// Until all is over and the nodes have stopped; the hub still runs.
  void run();

  /// Asks the hub: nothing is left, and all that was acknowledged is completed.
  void check_answers();

  const std::vector<std::string>& jobs() const { return jobs_; }
  size_t jobs_of_runs() const;
  size_t hub_mib_max() const { return hub_mib_max_; }
  size_t node_mib_max() const { return node_mib_max_; }
  std::string summary() const;

private:
  using clock = std::chrono::steady_clock;
  enum class fault : uint8_t {
    none,
    node_killed,
    node_stopped,
    line_cut,
    line_stalled,
    line_slow,
    hub_killed,
    hub_stopped
  };

  /// One thing that can be broken: the hub, a node, its line.
  struct target {
    fault now = fault::none;
    clock::time_point until;
  };

  /// Has been sent and not been answered.
  struct request {
    std::string path;
    std::string body;
    std::string key;
  };

  static constexpr size_t node_count = 3;
  static constexpr size_t hub_target = 2 * node_count;

  uint64_t draw(uint64_t below) { return random_() % below; }
  std::chrono::milliseconds draw_pause();
  bool hub_is_there() const;
  void start_again();
  fault next_fault();
  void begin_fault();
  void break_node(size_t node, fault what);
  void break_line(size_t node, fault what);
  void break_hub(fault what);
  void begin(size_t at, fault what, std::chrono::milliseconds time);
  void end_faults(clock::time_point now);
  void end(size_t at);
  void ask_in_vain();
  void subscribe();
  void put_load();
  void make_requests();
  bool send(const request& x);
  void take(const request& x, const std::string& body);
  void look_at_memory();
  void settle();

  soak_plan how_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<tcp_proxy>> lines_;
  std::array<target, hub_target + 1> targets_;
  std::vector<fault> bag_; ///< All of them, so that none is left to chance.
  std::map<std::string, size_t> faults_; ///< How often.
  std::unique_ptr<http_client> silent_;
  std::deque<request> owed_;
  uint64_t made_ = 0;
  uint64_t sent_again_ = 0;
  std::vector<std::string> jobs_;
  std::vector<std::string> runs_;
  size_t hub_mib_max_ = 0;
  size_t node_mib_max_ = 0;
};

} // namespace quaero::test
