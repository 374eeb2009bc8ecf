#pragma once

#include "actors/actors.hpp"
#include "definitions/cron.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quaero {

struct scheduler_config {
  size_t missed_max = 100; ///< > 0; missed ticks of a definition that get runs.
  size_t starts_max = 64;  ///< > 0; runs that are being made at a time.
  /// > 0; the clock is looked at that often at least, and what is found later
  /// than this was missed.
  std::chrono::nanoseconds look_again = std::chrono::minutes{10};
};

/// What the actor says to itself.
using scheduler_impl = scheduler_actor::extend<
  // The timer of that number is over.
  caf::reacts_to<atom::wake, uint64_t>>;

/// Which definition runs next, and when.
struct scheduler_state {
  static constexpr const char* name = "scheduler";

  explicit scheduler_state(scheduler_impl::pointer ptr) : self{ptr} {}

  /// A definition that fires.
  struct entry {
    std::optional<cron_schedule> when; ///< Absent: at the daemon's start only.
    time_zone zone;
    missed_runs missed = missed_runs::run_once;
    enum overlap overlap = overlap::skip;
    timestamp counted{};        ///< It fires after this.
    std::deque<timestamp> owed; ///< Missed ticks that get a run, in order.
    bool auto_start = false;    ///< A run because of the daemon's start is due.
    bool blocked = false;       ///< What waits does so until a run is over.
    /// Number of what is being stored for it; 0: nothing is.
    uint64_t in_hand = 0;
    bool changed = false;         ///< The definition was, since that began.
    std::optional<timestamp> due; ///< Its place in `order`.
  };

  /// Something that is being stored for a definition.
  struct handling {
    std::string definition_id;
    uint64_t number = 0;
    run_cause cause;
    bool on_time = false; ///< Else the run was owed.
  };

  scheduler_impl::pointer self;
  scheduler_config config;
  dispatcher_actor dispatcher;
  log_collector_actor collector;
  std::shared_ptr<const storage::store> db;
  const wall_clock* clock = nullptr;
  bool recovered = false;
  bool draining = false;
  std::unordered_map<std::string, entry> entries;
  std::unordered_map<std::string, schedule_record> records;
  std::unordered_map<std::string, std::vector<job_id>> going; ///< All runs.
  std::set<std::pair<timestamp, std::string>> order; ///< The next one first.
  size_t in_flight = 0;
  uint64_t last_number = 0; ///< Of what was handled.
  uint64_t timer = 0;       ///< Number of the one that counts.
  std::optional<timestamp> armed_for;
  int64_t wakes = 0;

  // -- messages ---------------------------------------------------------------
  void on_watch(const std::string& id, const job_id& run, bool goes_on);
  void on_put(const job_definition& x);
  void on_remove(const std::string& id);
  void on_recover();
  void on_wake(uint64_t number);
  schedule_list on_list() const;
  actor_status on_status() const;

  // -- the way through --------------------------------------------------------
  bool take(const job_definition& x);
  void plan(const std::string& id);
  void fire_due();
  void arm();
  void act(const std::string& id, entry& x);
  void tick(const std::string& id, entry& x, timestamp at);
  void miss(const std::string& id, entry& x, timestamp now);
  void owe(const std::string& id, entry& x, std::vector<timestamp> ticks);
  void start(const std::string& id, entry& x, run_cause cause, bool on_time);
  void started(const handling& what, const schedule_record& record);
  void refused(const handling& what, const caf::error& why);
  void refused_tick(const handling& what, entry& x, const caf::error& why);
  void store(const handling& what, schedule_record record);

  // -- tools ------------------------------------------------------------------
  void unlist(const std::string& id, entry& x);
  handling begin(const std::string& id, entry& x, run_cause cause,
                 bool on_time);
  entry* end(const handling& what);
  job_id run_of(const std::string& id) const;
  schedule_view view(const std::string& id) const;
};

/// Starts runs when their time has come: each tick of a schedule makes one run,
/// whose commit says so, or what else became of the tick is stored. What a
/// restart finds not handled was missed; so is what is found later than
/// `look_again`, because the clock was set or the machine slept. A tick at or
/// before the last one that was handled never fires, whatever the clock says.
/// A definition counts from its last change.
/// Bounds: O(log n) a tick and a change; one timer; memory for each definition
/// that fires, and for each run that goes on.
scheduler_impl::behavior_type
scheduler(scheduler_impl::stateful_pointer<scheduler_state> self,
          scheduler_config config, dispatcher_actor dispatcher,
          log_collector_actor collector,
          std::shared_ptr<const storage::store> db, const wall_clock* clock);

} // namespace quaero
