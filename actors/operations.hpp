#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct operations_config {
  size_t running_max = 4;     ///< > 0; operations at a time; more refused.
  size_t kept_max = 100;      ///< > running_max; older ones are forgotten.
  size_t errors_max = 100;    ///< Errors kept of one operation.
  size_t page_jobs_max = 200; ///< > 0; jobs between two stored positions.
  size_t in_flight_max = 16;  ///< > 0; jobs of one operation at a time.
  /// > 0; of one that deletes: many removals share a commit.
  size_t removals_in_flight_max = 200;
};

/// What every operation is doing.
struct operations_state {
  static constexpr const char* name = "operations";

  explicit operations_state(operations_actor::pointer ptr) : self{ptr} {}

  using promise = caf::typed_response_promise<operation>;

  /// An operation and, while it goes on, where it is.
  struct work {
    operation what;
    job_filter filter;
    std::deque<job_id> page; ///< Jobs of the page that nothing was done to.
    job_id page_end;         ///< Where the next page begins; none: no other.
    size_t in_flight = 0;
    bool between = true; ///< A page is read, or the end of one is stored.
    bool stopping = false;
    std::vector<promise> waiting; ///< For the end.
  };

  operations_actor::pointer self;
  operations_config config;
  job_manager_actor jobs;
  reader_actor reader;
  log_collector_actor collector;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::map<job_id, work> all; ///< The oldest first.
  size_t starting = 0;        ///< Being counted and stored.

  // -- messages ---------------------------------------------------------------
  promise on_start(const operation_request& x);
  caf::result<operation> on_get(const job_id& id) const;
  std::vector<operation> on_list() const;
  promise on_cancel(const job_id& id);
  void on_recover();
  actor_status on_status() const;

  // -- the way through --------------------------------------------------------
  void begin(promise reply, work x, const job_page& found);
  void resume(std::vector<operation>& found);
  void read_page(const job_id& id);
  void on_page(const job_id& id, const job_page& page);
  void pump(work& x);
  void act(const job_id& operation_id, operation_action action,
           const job_id& job);
  void on_outcome(const job_id& id, const job_id& job, const caf::error& why);
  void end_page(work& x);
  void end(work& x, operation_status status, std::string error);
  void store(work& x, std::function<void(work&)> then);

  // -- tools ------------------------------------------------------------------
  size_t running() const;
  size_t in_flight_max(operation_action action) const;
  void forget_old(storage::write_batch& out);
  void add_error(operation& x, const job_id& job, std::string message) const;
};

/// Does one thing to every job that matches a query and is older than the
/// operation, from new to old, a page at a time. How far it has come is stored
/// with each page; what a restart repeats of a page finds nothing to be done.
/// Errors: ec::invalid_argument (the query), ec::limit_reached, ec::not_found,
/// ec::wrong_state, and the STORE's.
operations_actor::behavior_type
operations(operations_actor::stateful_pointer<operations_state> self,
           operations_config config, job_manager_actor jobs,
           reader_actor reader, log_collector_actor collector,
           std::shared_ptr<id_generator> ids, const wall_clock* clock);

} // namespace quaero
