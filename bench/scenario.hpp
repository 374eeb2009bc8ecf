#pragma once

#include "bench/counting_store.hpp"
#include "bench/options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quaero::bench {

/// What one run has shown.
struct measurement {
  /// Of what the scenario counts; 0: it has no rate.
  double per_s = 0;
  std::optional<double> raw_per_s; ///< The same, of the database alone.
  /// What was written, for each of what is counted.
  std::optional<store_counts> runtime;
  std::optional<store_counts> raw;
  uint64_t count = 0; ///< Of what is counted.
  /// Runs are put in this order, and the one in the middle counts; 0: by rate.
  double rank = 0;
  value more = value::make_object(); ///< Other figures; numbers, or objects.
  std::string problem;               ///< Why it is not exact; "" if it is.

  std::optional<double> ratio() const {
    return raw_per_s && *raw_per_s > 0 ? std::optional{per_s / *raw_per_s}
                                       : std::nullopt;
  }
};

/// Something that is measured.
class scenario {
public:
  /// What a scenario is called, and what it takes.
  struct description {
    std::string name;
    std::string what;         ///< A line for --help.
    std::string unit = "job"; ///< What is counted, one of it.
    option_set takes;
    bench_options defaults;
  };

  virtual ~scenario() = default;

  virtual const description& about() const = 0;

  /// Adds options of its own.
  virtual void add_options(CLI::App&) {}

  /// Fits the options to each other.
  /// @returns what is wrong with them, "OPTION: RULE", or "".
  virtual std::string fit(bench_options&) { return {}; }

  /// Those of its own, for the line.
  virtual value settings() const { return value::make_object(); }

  /// Measures once, in the folder `how.dir`, and leaves nothing there.
  /// @throws std::runtime_error if that cannot be done.
  virtual measurement run(const bench_options& how) = 0;
};

/// Each scenario that runs the actors of a runtime in this process, or the
/// database.
std::unique_ptr<scenario> make_enqueue_scenario();
std::unique_ptr<scenario> make_drain_scenario();
std::unique_ptr<scenario> make_throughput_scenario();
std::unique_ptr<scenario> make_mixed_scenario();
std::unique_ptr<scenario> make_latency_scenario();
std::unique_ptr<scenario> make_fanout_scenario();
std::unique_ptr<scenario> make_chain_scenario();
std::unique_ptr<scenario> make_dag_scenario();
std::unique_ptr<scenario> make_logs_scenario();
std::unique_ptr<scenario> make_memory_scenario();
std::unique_ptr<scenario> make_schedule_scenario();
std::unique_ptr<scenario> make_store_scenario();
std::unique_ptr<scenario> make_recover_scenario();
std::unique_ptr<scenario> make_deaths_scenario();
std::unique_ptr<scenario> make_churn_scenario();
std::unique_ptr<scenario> make_remote_scenario();

/// The line of a measurement.
/// REQUIRES: !runs.empty(), all exact.
value as_line(const scenario& what, const bench_options& how,
              std::vector<measurement> runs);

} // namespace quaero::bench
