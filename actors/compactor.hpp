#pragma once

#include "actors/actors.hpp"
#include "actors/metrics.hpp"
#include "actors/retention_actors.hpp"
#include "storage/tables.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct compactor_config {
  /// How often it looks whether there is something to do; 0: never.
  std::chrono::nanoseconds interval{};
  /// So many jobs must have left the queue, or been removed, since the last
  /// time that their keys were compacted; 0: nothing is compacted.
  uint64_t jobs_min = 100'000;
};

/// Keys in [from, to) are compacted.
struct key_range {
  std::string from;
  std::string to;
};

/// The lower bounds of what is live in each lane of the queue.
struct lane_heads {
  std::array<uint64_t, storage::lane_count> sequence{};
};

/// Reads and compacts, on a thread that may block for seconds.
using compaction_actor
  = caf::typed_actor<caf::replies_to<atom::get>::with<lane_heads>,
                     caf::reacts_to<atom::execute, key_range>,
                     // Answered after all ranges before it.
                     caf::replies_to<atom::done>::with<bool>>;

/// What the actor says to itself.
using compactor_impl = compactor_actor::extend<
  // It is time to look.
  caf::reacts_to<atom::wake>>;

/// What was compacted, and how much has gone since.
struct compactor_state {
  static constexpr const char* name = "compactor";

  explicit compactor_state(compactor_impl::pointer ptr) : self{ptr} {}

  compactor_impl::pointer self;
  compactor_config config;
  compaction_actor worker;
  status_actor keeper;
  metrics_ptr meter;
  const wall_clock* clock = nullptr;
  compaction_report report;
  bool recovered = false;
  lane_heads compacted;      ///< Everything below them was.
  uint64_t removed_jobs = 0; ///< By the KEEPER, when it was compacted last.

  void on_recover();
  void on_wake();
  actor_status on_status() const;

  void look(const lane_heads& heads, uint64_t removed);
  void compact(std::vector<key_range> ranges);
  void wait();
};

/// The keys that jobs have left in the queue since `from`; those of lanes where
/// nothing moved are left out.
std::vector<key_range> consumed_queue_ranges(const lane_heads& from,
                                             const lane_heads& to);

/// The tables that a removed job leaves marks in.
std::vector<key_range> removed_job_ranges();

/// Has what jobs leave behind compacted once enough of them are gone: the part
/// of the queue before its heads, and what removed jobs were. The STORE goes on
/// writing meanwhile.
/// Bounds: one compaction at a time, one in each interval.
compactor_impl::behavior_type
compactor(compactor_impl::stateful_pointer<compactor_state> self,
          compactor_config config, compaction_actor worker, status_actor keeper,
          metrics_ptr meter, const wall_clock* clock);

/// Blocks while it compacts: spawn it detached.
compaction_actor::behavior_type compaction(compaction_actor::pointer self,
                                           std::shared_ptr<storage::store> db);

} // namespace quaero

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::key_range)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::lane_heads)
