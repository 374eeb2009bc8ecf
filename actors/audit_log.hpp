#pragma once

#include "actors/access_actors.hpp"
#include "storage/access_tables.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace quaero {

struct audit_log_config {
  uint64_t records_max = 100'000; ///< > 0; the oldest go.
  std::chrono::nanoseconds age_max
    = std::chrono::hours{24 * 90}; ///< > 0; older ones go.
  /// > 0; records that wait while a commit is under way. Beyond it they are
  /// counted, not kept.
  size_t waiting_records_max = 10'000;
  size_t trimmed_records_max = 1000; ///< > 0; removed in one commit.
};

/// The newest records and the place of the oldest.
struct audit_log_state {
  static constexpr const char* name = "audit-log";

  explicit audit_log_state(audit_log_actor::pointer ptr) : self{ptr} {}

  audit_log_actor::pointer self;
  audit_log_config config;
  std::shared_ptr<const storage::store> db;
  store_actor store;
  const wall_clock* clock = nullptr;
  storage::audit_range range; ///< What is stored, commits under way included.
  std::vector<audit_record> waiting;
  bool committing = false;
  int64_t lost = 0; ///< Above waiting_records_max.

  void on_put(audit_block& block);
  caf::result<audit_page> on_list(const audit_query& query) const;
  actor_status on_status() const;

private:
  void write();
  void trim(storage::write_batch& out);
  bool is_old(uint64_t sequence) const;
};

/// Keeps who did what and who was refused. Records that come while a commit is
/// under way share the next one. Acts are synced, refusals are not: a flood of
/// them costs no fsync. The oldest records go as new ones come.
/// Reads: spawn it detached.
/// Bounds: O(1) a record; a list reads what it answers.
/// Errors: ec::storage_failed.
audit_log_actor::behavior_type
audit_log(audit_log_actor::stateful_pointer<audit_log_state> self,
          audit_log_config config, std::shared_ptr<const storage::store> db,
          store_actor store, const wall_clock* clock);

} // namespace quaero
