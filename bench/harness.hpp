#pragma once

#include "bench/clock.hpp"
#include "bench/options.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// What the measurements in the process share.
namespace quaero::bench {

/// How long something took, many times.
struct distribution {
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

/// REQUIRES: !ms.empty().
distribution distribution_of(std::vector<double> ms);

/// @throws std::runtime_error
void require(const storage::status& x);

/// A database in the folder `dir`, with the format of this program.
/// @throws std::runtime_error
std::shared_ptr<storage::store>
open_database(const std::string& dir, const storage::leveldb_options& how = {});

/// The same, of a folder that is emptied first.
std::shared_ptr<storage::store>
make_database(const std::string& dir, const storage::leveldb_options& how = {});

/// A noop job whose configuration has `payload` bytes (at least 14).
new_job make_noop(uint32_t payload);

/// As a daemon sets its actors up.
struct actors_config : caf::actor_system_config {
  /// @param remote they talk to other machines.
  explicit actors_config(uint64_t threads,
                         const std::string& policy = "sharing",
                         bool remote = false);
};

/// Actors as in a daemon, on a database that stays when they have ended.
class bench_runtime {
public:
  bench_runtime(std::shared_ptr<storage::store> db, const bench_options& how,
                runtime_config config, const worker_kinds& kinds,
                const wall_clock& time = system_wall_clock(),
                bool remote = false);

  runtime& actors() { return *runtime_; }
  caf::actor_system& system() { return system_; }
  caf::scoped_actor& self() { return self_; }
  uint64_t boot() const { return boot_; } ///< Number of this start.

  /// Brings back what was going on.
  /// @returns how many runs go on.
  /// @throws std::runtime_error
  uint64_t recover();

  /// What makes one job of some different, by its number from 0 on. Any thread.
  using job_change = std::function<void(new_job& job, uint64_t number)>;

  /// Submits `n` jobs like `job` as `how` says, and returns when all are
  /// accepted.
  /// @throws std::runtime_error if one is not.
  void submit(uint64_t n, const new_job& job, const bench_options& how,
              const job_change& change = {});

  /// Has await_done() return when `n` more jobs are completed.
  void count_ends(uint64_t n);
  void await_done();

  /// No job of the queue "default" is assigned, or they are again.
  void pause(bool paused);

  /// Stores a definition.
  void put(const job_definition& x);

  /// Starts a run of it and returns when that is over.
  /// @throws std::runtime_error if it is not completed.
  void run(const std::string& definition);

private:
  actors_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  uint64_t boot_ = 0;
  std::unique_ptr<runtime> runtime_;
};

/// The noop worker alone, with so many slots; 0: its own.
worker_kinds noop_only(uint32_t slots = 0);

/// Nobody executes anything.
std::vector<worker_kind> no_workers(const worker_environment& environment);

} // namespace quaero::bench
