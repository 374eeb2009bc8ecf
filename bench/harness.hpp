#pragma once

#include "actors/runtime.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What the measurements in the process share.
namespace quaero::bench {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point begin);
double ms_since(clock::time_point begin);

/// How long something took, many times.
struct distribution {
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

/// REQUIRES: !ms.empty().
distribution distribution_of(std::vector<double> ms);
value as_value(const distribution& x);

/// @throws std::runtime_error
void require(const storage::status& x);

/// A database in the folder `dir`, with the format of this program.
/// @throws std::runtime_error
std::shared_ptr<storage::store> open_database(const std::string& dir);

/// The same, of a folder that is emptied first.
std::shared_ptr<storage::store> make_database(const std::string& dir);

/// A noop job whose configuration has `payload` bytes (at least 14).
new_job make_noop(uint32_t payload);

/// As a daemon sets its actors up.
struct actors_config : caf::actor_system_config {
  explicit actors_config(uint64_t threads);
};

/// Actors as in a daemon, on a database that stays when they have ended.
class bench_runtime {
public:
  bench_runtime(std::shared_ptr<storage::store> db, uint64_t threads,
                runtime_config how, const worker_kinds& kinds);

  runtime& actors() { return *runtime_; }
  caf::actor_system& system() { return system_; }
  caf::scoped_actor& self() { return self_; }

  /// Submits `n` jobs like `job` in batches, keeps `in_flight` of them under
  /// way, and returns when all are accepted.
  /// @throws std::runtime_error if one is not.
  void submit(uint64_t n, const new_job& job, durability level,
              uint32_t batch = 1000, uint32_t in_flight = 8);

  /// Has await_done() return when `n` more jobs are completed.
  void count_ends(uint64_t n);
  void await_done();

private:
  actors_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  std::unique_ptr<runtime> runtime_;
};

/// The noop worker alone.
std::vector<worker_kind> noop_only(const worker_environment& environment);

/// Nobody executes anything.
std::vector<worker_kind> no_workers(const worker_environment& environment);

} // namespace quaero::bench
