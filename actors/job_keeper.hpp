#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"
#include "actors/job_removal.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace quaero {

struct job_keeper_config {
  size_t commit_keys_max = 5000; ///< > 0; keys that one commit removes.
  size_t look_jobs_max = 2000;   ///< > 0; jobs looked at in one piece.
  size_t removals_max = 1000;    ///< > 0; removals that wait; more refused.
  size_t name_bytes_max = 256;   ///< > 0; of the name in a label.
  size_t description_bytes_max = 4096; ///< > 0; of the description.
};

/// What the actor says to itself.
using job_keeper_impl = job_keeper_actor::extend<
  // Whom it has jobs made by. Comes first.
  caf::reacts_to<atom::attach, job_manager_actor>,
  // The next piece of the removals.
  caf::reacts_to<atom::flush>>;

/// Removals, one after another, and labels on their way to the disk.
struct job_keeper_state {
  static constexpr const char* name = "job-keeper";

  explicit job_keeper_state(job_keeper_impl::pointer ptr) : self{ptr} {}

  using made_promise = caf::typed_response_promise<job_made>;
  using removal_promise = caf::typed_response_promise<removal>;

  struct waiting_removal {
    job_removal work;
    removal_promise reply;
  };

  /// Removals whose last piece is in one commit.
  using finished_removals = std::vector<std::pair<removal_promise, removal>>;

  struct label_in_flight {
    job_label label;
    size_t commits = 0;
  };

  job_keeper_impl::pointer self;
  job_keeper_config config;
  std::shared_ptr<const storage::store> db;
  log_collector_actor collector;
  job_manager_actor jobs;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::deque<waiting_removal> removals;
  job_id removing;      ///< The root of the removal that has begun; none.
  bool working = false; ///< A piece is under way or about to be.
  /// Jobs that something else is done to; their removal waits.
  std::unordered_map<job_id, size_t> in_use;
  std::unordered_map<job_id, label_in_flight> labels;
  std::unordered_set<job_id> retrying; ///< Their label is about to change.
  int64_t removed = 0;

  // -- messages ---------------------------------------------------------------
  removal_promise on_remove(const job_id& id);
  ack_promise on_put(const job_id& id, const label_change& change);
  made_promise on_copy(const job_id& id);
  made_promise on_retry(const job_id& id);
  made_promise on_rerun(const rerun_request& x);
  void on_flush();
  actor_status on_status() const;

  // -- removal ----------------------------------------------------------------
  void arm();
  void gather(commit& change, finished_removals& finished);
  bool take_piece(waiting_removal& x, size_t& looks, size_t& keys,
                  commit& change, job_removal::id_set& taken);

  // -- jobs made of jobs ------------------------------------------------------
  void rerun_run(made_promise reply, const job_view& old,
                 const rerun_request& x);
  void make_root(made_promise reply, new_job job, const job_view& old,
                 bool is_retry);
  void retry_in_step(made_promise reply, const job_view& old);
  void end_retry(const queue_job& x);

  // -- tools ------------------------------------------------------------------
  /// A job that is not being removed, with the newest label.
  caf::error read(const job_id& id, job_view& out) const;
  caf::error read_steps(const job_id& run, std::vector<job_view>& out) const;
  void use(const queue_job& x, int change);
  void store_label(const job_id& id, job_label x, commit_ptr with);
};

/// Does what is done to jobs that do not run: removes, labels and copies them,
/// makes jobs of them again.
/// Removals are done one after another, many small ones in one commit, large
/// ones in several. A removal waits for what else is done to its jobs; what
/// comes after its start is refused.
/// Reads from the disk: spawn it detached.
/// Errors: ec::not_found, ec::wrong_state, ec::conflict (being removed, retried
/// already), ec::invalid_argument, ec::limit_reached, and the STORE's.
job_keeper_impl::behavior_type
job_keeper(job_keeper_impl::stateful_pointer<job_keeper_state> self,
           job_keeper_config config, std::shared_ptr<const storage::store> db,
           log_collector_actor collector, std::shared_ptr<id_generator> ids,
           const wall_clock* clock);

} // namespace quaero
