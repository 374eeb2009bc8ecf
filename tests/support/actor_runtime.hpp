#pragma once

#include "actors/definition_worker.hpp"
#include "actors/job_context.hpp"
#include "actors/runtime.hpp"
#include "storage/fault_store.hpp"
#include "tests/support/fixture.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quaero::test {

/// A worker type whose behaviour a test decides. A function that is absent
/// does the least there is: no problems, nothing found, `jobs` (of the step's
/// configuration, default 1) jobs made, success.
struct test_kind {
  std::function<std::vector<std::string>(const step&)> validate;
  std::function<init_result(const step_context&)> init;
  std::function<step_output(const step_context&)> create;
  /// One attempt. Nothing: it goes on until release().
  std::function<std::optional<job_outcome>(job_context&)> execute;
  uint32_t slots = 16;
};

/// An attempt that a worker has not answered yet.
struct held_attempt {
  job_context_ptr context;
  kept_promise<caf::typed_response_promise<job_outcome>> reply;
};

/// A runtime on a store that can be broken, with test workers. Crashes and
/// starts again as often as a test likes; the database and the clock stay.
class runtime_fixture : public deterministic {
public:
  runtime_fixture();
  ~runtime_fixture();

  /// The worker type of that name (it must be one that definitions may name).
  /// To be changed before start(), its functions at any time.
  test_kind& kind(const std::string& type) { return kinds_[type]; }

  /// Makes the runtime, which knows nothing yet of what was going on.
  void make_runtime();

  /// Makes the runtime and brings back what was going on.
  /// @returns how many runs go on, or nothing if the database refused.
  std::optional<uint64_t> start();

  /// Ends every actor at once, as a crash does, and forgets held attempts.
  void crash();

  /// Crash, and start on what the database has.
  std::optional<uint64_t> restart();

  /// Stores the definition and executes it. REQUIRES: it is accepted.
  job_id run(const job_definition& x);
  answer<run_started> execute(const std::string& id);

  /// Ends attempts of jobs of that name ("" is all) that are held.
  /// @returns how many.
  size_t release(const std::string& name = "", job_outcome outcome
                                               = job_outcome::ok());

  // -- what the database says -------------------------------------------------

  job_view view(const job_id& id) const;
  job_status status(const job_id& id) const { return view(id).state.status; }
  std::vector<job_view> children(const job_id& parent) const;
  /// The step of that name. REQUIRES: there is one.
  job_view step_of(const job_id& manager, const std::string& name) const;
  std::vector<log_entry> lines(const job_id& owner) const;
  /// Whether a line of that owner has `text` in it.
  bool says(const job_id& owner, const std::string& text) const;
  storage::totals totals() const;
  size_t queue_entries() const;
  size_t active_runs() const;

  /// Checks what must hold at any time: one terminal event a job at most,
  /// totals and the index equal to what the events say, lines numbered without
  /// a gap.
  void check_database() const;

  /// The same, and that nothing waits or runs any more.
  void check_over() const;

  std::shared_ptr<storage::fault_store> db;
  std::unique_ptr<runtime> rt;
  runtime_config settings; ///< Of the next start().
  uint64_t boot = 0;
  std::vector<held_attempt> held;
  std::map<std::string, std::string> keys; ///< For `{key}` placeholders.
  uint64_t workers_spawned = 0;
  std::vector<job_worker_actor> workers; ///< The newest last.

private:
  std::vector<worker_kind> make_kinds(const worker_environment& environment);
  job_worker_actor spawn_worker(test_kind& how);
  void check_job(const job_id& id, storage::totals& seen,
                 std::vector<job_view>& all) const;
  void check_index(const std::vector<job_view>& all) const;

  std::map<std::string, test_kind> kinds_;
};

/// The worker type that most tests use.
inline const std::string jobs_type = "test_job_generator";

step make_step(const std::string& name, std::vector<std::string> depends = {},
               const std::string& type = jobs_type);

job_definition make_definition(const std::string& id, std::vector<step> steps);

/// `n` jobs named PREFIX1, PREFIX2, ... that are tried once.
std::vector<new_job> make_new_jobs(size_t n, const std::string& prefix,
                                   const std::string& type = jobs_type);

} // namespace quaero::test
