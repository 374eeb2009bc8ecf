#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "actors/run_streams.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <set>
#include <unordered_map>

namespace quaero {

struct log_collector_config {
  /// > 0; a longer message is cut at a character and marked.
  size_t message_bytes_max = 64 * 1024;
  stream_config streams;
  storage::job_index_config index = {};
  /// > 0; runs whose definition and tags stay in memory.
  size_t runs_kept_max = 10'000;
};

/// Numbers what is said, in the order in which it is committed.
struct log_collector_state {
  static constexpr const char* name = "log-collector";

  explicit log_collector_state(log_collector_actor::pointer ptr) : self{ptr} {}

  /// Where an owner's log stands.
  struct counters {
    uint64_t index = 0;
    std::array<uint64_t, log_level_count> totals{};
  };

  log_collector_actor::pointer self;
  log_collector_config config;
  std::shared_ptr<const storage::store> db;
  store_actor store;
  event_sink_actor hub;
  std::unordered_map<job_id, counters> owners;
  storage::totals totals;
  run_streams streams;
  std::unique_ptr<storage::job_index_writer> index;
  /// Commits of the index that are stored, as the STORE's thread says.
  std::shared_ptr<std::atomic<uint64_t>> indexed
    = std::make_shared<std::atomic<uint64_t>>(0);
  std::unordered_map<job_id, storage::run_facets> runs;
  /// Jobs that run, as their events say.
  std::set<job_id> running;

  caf::result<void> on_commit(commit_ptr change);
  actor_status on_status();
  std::shared_ptr<event_block> number(commit& change);
  counters& counters_of(const job_id& owner);
  void add_totals(commit& change);
  void index_jobs(commit& change);
  const storage::run_facets& run_of(const job_id& manager);
  void load_running();
};

/// The one way to the STORE for everything that logs or changes a job. Numbers
/// each line in its owner's log and over all, keeps the totals of jobs by
/// state and the index of jobs in the same batch, gives events and lines their
/// numbers in the streams of their runs, and says what the STORE publishes when
/// it has committed, in that order.
/// The STORE replies. Reads an owner's newest line and a stream's end when it
/// first hears of it, so that numbers go on across a restart: spawn it
/// detached.
/// Bounds: O(1) a line, a job and a facet of it; a small record for each owner
/// and each stream that was not forgotten and each job that runs.
/// Errors: the STORE's. A stream whose end cannot be read ends the actor.
log_collector_actor::behavior_type
log_collector(log_collector_actor::stateful_pointer<log_collector_state> self,
              log_collector_config config,
              std::shared_ptr<const storage::store> db, store_actor store,
              event_sink_actor hub);

} // namespace quaero
