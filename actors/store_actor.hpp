#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "actors/metrics.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace quaero {

struct store_config {
  size_t commit_bytes_max
    = 1 << 20;                 ///< > 0; a larger group is written at once.
  metrics_ptr meter = nullptr; ///< Told of writes, if there is one.
};

/// What the actor says to itself.
using store_impl = store_actor::extend<
  // All that was in the mailbox has been taken: write it.
  caf::reacts_to<atom::flush>>;

/// Joins what waits into one write.
struct store_state {
  static constexpr const char* name = "store";

  explicit store_state(store_impl::pointer ptr) : self{ptr} {}

  struct waiting {
    commit_ptr change;
    ack_promise reply;
  };

  store_impl::pointer self;
  store_config config;
  std::shared_ptr<storage::store> db;
  std::vector<waiting> group;
  size_t group_bytes = 0;
  bool armed = false;
  caf::error broken; ///< Set for good by the first failed write.
  int64_t commits = 0;
  int64_t writes = 0;

  ack_promise on_commit(commit_ptr change);
  void on_flush();
  actor_status on_status() const;
  void write_group();
  void fail(const storage::status& why);
  void tell_meter(const std::vector<waiting>& batch, bool sync,
                  std::chrono::duration<double> took) const;
};

/// The only writer of `db`. Commits that wait in the mailbox share one write,
/// and one fsync if any of them asks for it; `durability::each` has its own.
/// Replies in the order of arrival, after the write. A failed write is final:
/// every commit from then on fails and the actor quits, so that the daemon
/// ends and recovers from what is on disk.
/// Blocks on the disk: spawn it detached.
store_impl::behavior_type store(store_impl::stateful_pointer<store_state> self,
                                store_config config,
                                std::shared_ptr<storage::store> db);

} // namespace quaero
