#pragma once

#include "actors/actors.hpp"
#include "actors/answer_store.hpp"
#include "actors/audit_log.hpp"
#include "actors/catalog.hpp"
#include "actors/compactor.hpp"
#include "actors/credential_store.hpp"
#include "actors/document_store.hpp"
#include "actors/event_hub.hpp"
#include "actors/job_keeper.hpp"
#include "actors/job_manager.hpp"
#include "actors/key_store.hpp"
#include "actors/log_collector.hpp"
#include "actors/operations.hpp"
#include "actors/queue.hpp"
#include "actors/reader.hpp"
#include "actors/retention.hpp"
#include "actors/scheduler.hpp"
#include "actors/store_actor.hpp"
#include "actors/token_store.hpp"
#include "actors/worker_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>
#include <caf/scoped_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

struct runtime_config {
  store_config store;
  reader_config reader;
  queue_config queue; ///< `boot` is set by the runtime.
  log_collector_config log;
  event_hub_config hub;
  job_manager_config jobs;
  document_store_config documents;
  key_store_config keys;
  credential_store_config credentials;
  catalog_config catalog;
  token_store_config tokens;
  audit_log_config audit;
  metrics_ptr meter; ///< Made by the runtime if there is none.
  /// > 0; threads that read: the first for those outside, the last for the
  /// runtime, and one in between for searches.
  uint32_t readers = 3;
  answer_store_config answers;
  job_keeper_config keeper;
  operations_config operations;
  scheduler_config scheduler;
  /// Of this machine; what GET /api/nodes calls it.
  std::string node = "local";
  std::vector<std::string> labels; ///< The same machine's; jobs ask for them.
  retention_config retention;
  compactor_config compactor;
  bool detach = true;   ///< Blocking actors get threads; tests say no.
  uint64_t id_seed = 0; ///< Of the random part of ids.
};

/// What a worker kind may know of the runtime when it makes its actors.
struct worker_environment {
  caf::actor_system& system;
  reader_actor reader;
  const wall_clock& clock;
  bool detach = true;
  /// At a node: answers there what `worker_kind::answers` answers at the hub.
  /// Null at home; filled before the first worker is spawned.
  std::shared_ptr<const question_actor> hub;
};

/// A worker type as the registry describes it. Either side may be missing:
/// a step type that makes jobs of another type, or a job type without a step.
struct worker_kind {
  std::string step_type; ///< "" if it serves no steps.
  definition_worker_actor definition;
  std::string job_type; ///< "" if it executes no jobs.
  uint32_t slots = 16;  ///< Attempts at a time.
  /// One of the two for `job_type`.
  std::function<job_worker_actor()> spawn_worker;
  std::function<block_worker_actor()> spawn_block_worker;
  /// What its workers at nodes may ask; null: nothing.
  question_actor answers;
};

using worker_kinds
  = std::function<std::vector<worker_kind>(const worker_environment&)>;

/// The pool of a kind that executes jobs, of its sort. `config.type` and
/// `config.slots` are the kind's.
worker_pool_actor spawn_pool(caf::actor_system& system, const worker_kind& kind,
                             worker_pool_config config, work_giver_actor queue,
                             commit_taker_actor collector,
                             const wall_clock& clock);

/// Every long-lived actor of a daemon, in the order in which they depend on
/// each other. Made, recovered, used, drained, ended, once.
class runtime {
public:
  /// Spawns the actors on `db`, which has an open format.
  /// @param keys looks up `{key}` placeholders that no stored pair has; any
  ///             thread.
  runtime(caf::actor_system& system, runtime_config config,
          std::shared_ptr<storage::store> db, uint64_t boot,
          const wall_clock& clock, key_lookup keys, const worker_kinds& kinds);

  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Ends every actor. Returns when the STORE is gone (not under a testing
  /// scheduler, where the test runs it); the system's end waits for the rest.
  ~runtime();

  /// Brings back what was going on. Blocks; call once, before any run.
  /// @returns how many runs go on.
  caf::expected<uint64_t> recover();

  /// From now on schedules fire, and definitions with auto_start have their
  /// run. After recover(), and when the definitions are those of this start.
  void start_schedules();

  /// Starts no run and assigns no job any more; waits until nothing runs or
  /// `limit` is over.
  /// @returns whether nothing runs. What does runs again after a restart.
  bool drain(std::chrono::nanoseconds limit);

  /// Looks up what a `{key}` placeholder stands for. Any thread, also when the
  /// runtime is gone.
  key_lookup keys() const;

  /// The reader for what takes long.
  const reader_actor& searcher() const {
    return readers[readers.size() > 2 ? 1 : 0];
  }

  /// Calls `f`, on some thread, with the reason when an actor that
  /// the daemon cannot do without has ended by itself.
  void on_loss(const std::function<void(const caf::error&)>& f);

  store_actor store;
  event_hub_actor hub;
  log_collector_actor collector;
  std::vector<reader_actor> readers;
  document_store_actor documents;
  queue_actor queue;
  step_manager_actor steps;
  job_keeper_actor keeper;
  job_manager_actor jobs;
  dispatcher_actor dispatcher;
  key_store_actor pairs;
  credential_store_actor credentials;
  catalog_actor catalog;
  answer_store_actor answers;
  operations_actor operations;
  scheduler_actor scheduler;
  retention_actor retention;
  compactor_actor compactor;
  std::vector<worker_pool_actor> pools;
  token_store_actor tokens;
  audit_log_actor audit;
  status_actor census; ///< Asks all of them how they are.
  metrics_ptr meter;
  std::vector<std::string> job_types; ///< Of the pools, sorted.
  /// By job type: who answers its workers at nodes.
  std::unordered_map<std::string, question_actor> questions;

private:
  void spawn_workers(const worker_kinds& kinds,
                     const worker_environment& environment,
                     const runtime_config& how, const wall_clock& clock);
  void spawn_catalog(const runtime_config& config,
                     std::shared_ptr<const storage::store> db,
                     std::shared_ptr<id_generator> ids,
                     const wall_clock& clock);
  void spawn_retention(const runtime_config& config,
                       const std::shared_ptr<storage::store>& db,
                       const wall_clock& clock);
  void spawn_access(const runtime_config& config,
                    std::shared_ptr<const storage::store> db,
                    std::shared_ptr<id_generator> ids, const wall_clock& clock);

  caf::actor_system& system_;
  const bool detached_;
  std::shared_ptr<key_ring> ring_;
  std::vector<caf::actor> owned_;
};

} // namespace quaero
