#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"

#include <caf/expected.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

/// Which definitions have a run.
struct dispatcher_state {
  static constexpr const char* name = "dispatcher";

  explicit dispatcher_state(dispatcher_actor::pointer ptr) : self{ptr} {}

  /// The runs of a definition. More than one only when they are made beside
  /// each other.
  struct place {
    size_t making = 0; ///< Runs that may not be known to the JOB MANAGER yet.
    /// Who joins the run that is being made: called when it was, or was not.
    std::vector<std::function<void()>> joining;
    std::vector<job_id> runs; ///< Those that go on.

    bool empty() const { return making == 0 && runs.empty(); }
  };

  dispatcher_actor::pointer self;
  job_manager_actor jobs;
  reader_actor reader;
  log_collector_actor collector;
  const wall_clock* clock = nullptr;
  bool recovered = false; ///< Until then no run starts.
  bool draining = false;
  /// Definition -> its runs.
  std::unordered_map<std::string, place> active;
  std::vector<definition_watcher_actor> watchers;
  /// What runs wanted before recover().
  std::vector<std::function<void()>> early;
  /// Definition -> changes of it: the first is being made.
  std::unordered_map<std::string, std::deque<std::function<void()>>> changes;

  caf::typed_response_promise<run_started> on_execute(const run_request& x);
  caf::typed_response_promise<bool> on_put(job_definition& x);
  caf::typed_response_promise<definition_stored>
  on_change(definition_change& x);
  ack_promise on_remove(const definition_removal& x);
  caf::typed_response_promise<job_made> on_rerun(const rerun_request& x);
  void start_run(caf::typed_response_promise<run_started> reply,
                 const run_request& x);
  void rerun_run(caf::typed_response_promise<job_made> reply,
                 const rerun_request& x, const std::string& definition_id);
  caf::error refusal() const;
  /// Called with the run that has the place, or none while it is being made.
  using refused_handler = std::function<void(caf::error, job_id)>;
  void execute(caf::typed_response_promise<run_started> reply,
               const run_request& x);
  void join(caf::typed_response_promise<run_started> reply,
            const run_request& x, const job_id& run);
  void on_recover();
  void claim(const std::string& definition_id, bool beside,
             std::function<void()> granted, refused_handler refused);
  void claim_taken(const std::string& definition_id, const place& taken,
                   std::function<void()> granted, refused_handler refused);
  void made(const std::string& definition_id);
  void run_over(const std::string& definition_id, const job_id& run);
  void on_watch(const std::string& definition_id, const job_id& run,
                bool goes_on);
  void on_subscribe(definition_watcher_actor watcher);
  actor_status on_status() const;

  caf::error check(job_definition& definition, const run_request& x) const;
  struct circle_search;
  void search_circle(const std::shared_ptr<circle_search>& x);
  void start_checked(caf::typed_response_promise<run_started> reply,
                     const run_request& x, job_definition& definition);

private:
  using stored_handler = std::function<void(caf::expected<definition_stored>)>;

  void in_turn(const std::string& id, std::function<void()> f);
  void turn_over(const std::string& id);
  void change(const std::shared_ptr<definition_change>& x, stored_handler done);
  void change_known(const std::shared_ptr<definition_change>& x,
                    const job_definition* old, const stored_handler& done);
  void remove(const definition_removal& x, ack_promise reply);
  void remove_known(const definition_removal& x, const job_definition& old,
                    ack_promise reply);
};

/// Turns "run this definition" into a run: at most one of a definition at a
/// time, unless asked for another one beside it, also between the request and
/// the run's first commit. Stores and
/// removes definitions; the changes of one are made one after another, so that
/// of two which name the version before theirs one is told ec::changed.
/// Tells itself of runs from the JOB MANAGER.
dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           job_manager_actor jobs, reader_actor reader,
           log_collector_actor collector, const wall_clock* clock);

} // namespace quaero
