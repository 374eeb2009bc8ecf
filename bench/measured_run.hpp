#pragma once

#include "bench/clock.hpp"
#include "bench/harness.hpp"
#include "bench/scenario.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace quaero::bench {

/// What is in a database before anything else. Called again for the database
/// alone.
using preparation = std::function<void(storage::store&)>;

/// Says what is wrong with a database, or "".
using database_check = std::function<std::string(const storage::store&)>;

/// One run of a runtime on a database of its own, and the database alone
/// afterwards with the same commits. In this order: begin(), end(), finish().
class measured_run {
public:
  /// @param jobs that wait or run at a time, at most.
  measured_run(const bench_options& how, const std::string& name, uint64_t jobs,
               const worker_kinds& kinds, preparation prepare = {},
               const wall_clock& time = system_wall_clock());
  measured_run(const measured_run&) = delete;
  measured_run& operator=(const measured_run&) = delete;
  ~measured_run();

  bench_runtime& runtime() { return *runtime_; }
  const counting_store& db() const { return *counted_; }

  /// Has that many jobs run to their end.
  void warm_up(const new_job& job);

  /// From here on it is measured; until end().
  void begin();
  void end(uint64_t count);

  /// Ends the runtime, has the database looked at, and measures the database
  /// alone: every commit of the run, in its order and with its sync, by one
  /// thread that does nothing else. Those of before begin() are not measured.
  measurement finish(const database_check& check);

  /// The same, but has no database measured.
  /// @returns what was committed.
  recording finish_recording(const database_check& check);

private:
  const bench_options& how_;
  const std::string dir_;
  const preparation prepare_;
  std::shared_ptr<counting_store> counted_;
  std::unique_ptr<bench_runtime> runtime_;
  clock::time_point begin_;
  measurement out_;
};

/// What writing a recording has shown.
struct replayed {
  double seconds = 0;
  store_counts counts;
  std::string problem; ///< Of the database afterwards.
};

/// Writes what was recorded into a new database in the folder `dir`.
/// REQUIRES: x.whole.
replayed replay(const bench_options& how, const std::string& dir,
                const recording& x, const preparation& prepare,
                const database_check& check);

} // namespace quaero::bench
