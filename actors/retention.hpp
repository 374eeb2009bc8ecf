#pragma once

#include "actors/actors.hpp"
#include "actors/metrics.hpp"
#include "actors/retention_actors.hpp"
#include "actors/retention_walk.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace quaero {

struct retention_config {
  retention_limits limits; ///< For what no definition says something of.
  /// Between two passes; 0: there is none.
  std::chrono::nanoseconds interval{};
  size_t block_trees_max = 200; ///< > 0; found before the first is removed.
  size_t in_flight_max = 50;    ///< > 0; removals asked for at a time.
  uint64_t looks_max = 20'000;  ///< > 0; ids looked at in one piece.
};

/// What the actor says to itself.
using retention_impl = retention_actor::extend<
  // It is time for a pass.
  caf::reacts_to<atom::wake>,
  // The next piece of the pass.
  caf::reacts_to<atom::flush>>;

/// What is due, and how far the pass is.
struct retention_state {
  static constexpr const char* name = "retention";

  explicit retention_state(retention_impl::pointer ptr) : self{ptr} {}

  retention_impl::pointer self;
  retention_config config;
  std::shared_ptr<const storage::store> db;
  job_manager_actor jobs;
  const wall_clock* clock = nullptr;
  metrics_ptr meter;
  retention_report report;
  bool recovered = false;
  std::deque<retention_rule> rules; ///< Of the pass; the first is walked.
  std::optional<retention_walk> walk;
  std::deque<job_id> due; ///< Found, and not asked to be removed.
  size_t in_flight = 0;
  uint64_t kept_before = 0; ///< Of the report, before this pass.
  timestamp began{};

  void on_recover();
  void on_wake();
  void on_flush();
  actor_status on_status() const;

  void pump();
  void remove(const job_id& tree);
  void next_piece();
  void end_pass();
};

/// Removes trees that the settings and definitions do not let stay: whole runs
/// and single jobs that are over, the oldest first. A pass begins where the
/// index says and remembers nothing: a crash costs nothing.
/// Who is in use, or not over as a whole, is left for the next pass.
/// Bounds: memory for a block of trees; a pass without anything due looks at a
/// few keys for each rule, and at `count` ids for one that limits the number.
/// Reads from the disk: spawn it detached.
retention_impl::behavior_type
retention(retention_impl::stateful_pointer<retention_state> self,
          retention_config config, std::shared_ptr<const storage::store> db,
          job_manager_actor jobs, metrics_ptr meter, const wall_clock* clock);

} // namespace quaero
