#pragma once

#include "actors/actors.hpp"
#include "actors/manager_job.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace quaero {

/// What the actor says to itself.
using job_manager_impl = job_manager_actor::extend<
  // Hand on what has gathered.
  caf::reacts_to<atom::flush>>;

struct job_manager_config {
  size_t submit_jobs_max = 1'000'000; ///< > 0; jobs in one submission.
};

/// The runs that go on.
struct job_manager_state {
  static constexpr const char* name = "job-manager";

  explicit job_manager_state(job_manager_impl::pointer ptr) : self{ptr} {}
  ~job_manager_state(); ///< Its runs end with it.

  struct run {
    manager_job_actor actor;
    std::string definition_id;
    /// Who waits for its end.
    std::vector<caf::typed_response_promise<job_view>> watched;
  };

  /// A request for the QUEUE, and who wants it.
  struct order {
    enqueue_ptr request;
    std::variant<caf::typed_response_promise<id_list>,
                 caf::typed_response_promise<enqueued>>
      reply;

    void answer(const caf::error& failed);
  };

  job_manager_impl::pointer self;
  job_manager_config config;
  step_manager_actor steps;
  queue_actor queue;
  log_collector_actor collector;
  document_store_actor documents;
  reader_actor reader;
  event_sink_actor hub;
  job_keeper_actor keeper;
  key_lookup keys;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::unordered_map<job_id, run> runs;
  std::vector<run_watcher_actor> watchers;
  run_starter_actor starter;             ///< Of runs that runs want.
  bool recovered = false;                ///< What was going on is back.
  std::unordered_set<job_id> unreadable; ///< Runs that could not come back.
  std::vector<order> orders; ///< Those that came since the last on_flush().

  caf::typed_response_promise<id_list> on_submit(submission& x);
  caf::typed_response_promise<enqueued> on_enqueue(enqueue_order& x);
  void hand_on(order x);
  void on_flush();
  caf::typed_response_promise<run_started> on_start(run_plan& x);
  caf::result<job_id> on_retry(retry_order& x);
  caf::typed_response_promise<run_progress> on_progress(const job_id& id);
  ack_promise on_cancel(const job_id& id);
  caf::typed_response_promise<explanation> on_why(const job_id& id);
  void on_done(const job_id& id);
  caf::typed_response_promise<job_view> on_watch(const job_id& id);
  caf::result<run_started> on_execute(run_request& x);
  void tell_end(caf::typed_response_promise<job_view> reply, const job_id& id);
  void on_subscribe(run_watcher_actor watcher);
  caf::typed_response_promise<uint64_t> on_recover();
  void on_down(const caf::down_msg& down);
  actor_status on_status() const;
  caf::typed_response_promise<actor_status> on_status_tree();

  void cancel_job(ack_promise reply, const job_view& x);
  using explain_promise = caf::typed_response_promise<explanation>;
  void explain(explain_promise reply, const job_view& x, bool again);
  template <class Handle>
  void ask_why(explain_promise reply, const Handle& who, const job_view& of,
               bool again);
  queue_job run_record(const run_plan& plan);
  void keep_steps(const run_plan& plan, manager_job_config& what, commit& out);
  void spawn_run(manager_job_config what);
  void bring_back(recovered_run found);
  void tell_watchers(const std::string& definition_id, const job_id& run_id,
                     bool goes_on);
};

/// The actors that the JOB MANAGER works with.
struct job_manager_peers {
  step_manager_actor steps;
  queue_actor queue;
  log_collector_actor collector;
  document_store_actor documents;
  reader_actor reader;
  event_sink_actor hub;
  job_keeper_actor keeper;
};

/// Makes job records and the actors of runs; what is wanted at the same time
/// goes to the QUEUE as one message; forgets a run when it is over.
/// Errors: ec::not_found for a run that is over or never was; ec::conflict for
/// a cancel of what is over; ec::shutting_down before recover();
/// ec::limit_reached above `submit_jobs_max`; the QUEUE's and the STORE's.
job_manager_impl::behavior_type
job_manager(job_manager_impl::stateful_pointer<job_manager_state> self,
            job_manager_config config, job_manager_peers peers, key_lookup keys,
            std::shared_ptr<id_generator> ids, const wall_clock* clock);

} // namespace quaero
