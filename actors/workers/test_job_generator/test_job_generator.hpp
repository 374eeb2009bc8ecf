#pragma once

#include "actors/definition_worker.hpp"
#include "actors/runtime.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <random>
#include <unordered_map>

/// The worker that makes synthetic work: a tree of jobs that write lines, wait,
/// spawn children and fail at a rate. For tests and for trying things out.
namespace quaero::test_job_generator {

inline constexpr const char* type = "test_job_generator";

/// Of a step, and in another form of each of its jobs.
struct settings {
  int64_t worker_count = 10;   ///< 0 to 100,000; jobs that the step makes.
  int64_t log_count = 100;     ///< 0 to 100,000; lines a job.
  int64_t log_delay_ms = 50;   ///< 0 to 3,600,000; after each line.
  double failure_rate = 0.1;   ///< 0 to 1.
  int64_t child_count = 2;     ///< 0 to 1,000; children a job.
  int64_t recursion_depth = 3; ///< 0 to 100; levels below the step's jobs.
  int64_t level = 0;           ///< Of a job: 0 for the step's own.
  /// Any; the same seed makes the same lines and failures.
  int64_t seed = 0;
};

/// What a step's configuration says; absent keys have the defaults above.
settings read_settings(const value& config);
value to_value(const settings& x);

class logic : public definition_logic {
public:
  std::vector<std::string> validate(const step& x) override;
  init_result init(const step_context& x) override;
  step_output create(const step_context& x, const init_result& found) override;
};

/// What the actor says to itself.
using impl = job_worker_actor::extend<
  // The next line of this attempt is due.
  caf::reacts_to<atom::wake, uint64_t>>;

struct worker_state {
  static constexpr const char* name = "test-job-generator";

  explicit worker_state(impl::pointer ptr) : self{ptr} {}

  /// An attempt in progress.
  struct work {
    job_context_ptr context;
    caf::typed_response_promise<job_outcome> reply;
    settings how;
    std::string label; ///< "STEP/JOB".
    std::mt19937_64 random;
    int64_t line = 0; ///< Written so far.
    uint64_t counts[log_level_count] = {};
    int64_t children = 0;
  };

  impl::pointer self;
  std::unordered_map<uint64_t, work> attempts; ///< By epoch.

  caf::typed_response_promise<job_outcome>
  on_execute(const job_context_ptr& context);
  void on_wake(uint64_t epoch);

  void write_line(work& x);
  void spawn_children(work& x);
  void finish(uint64_t epoch, work& x);
};

/// Executes jobs of type "test_job_generator", any number at a time; waiting
/// takes no thread. Without children a job writes exactly log_count + 3 lines.
impl::behavior_type worker(impl::stateful_pointer<worker_state> self);

worker_kind kind(const worker_environment& environment);

} // namespace quaero::test_job_generator
