#pragma once

#include "actors/new_jobs.hpp"
#include "actors/queue.hpp"
#include "storage/fault_store.hpp"
#include "tests/support/fixture.hpp"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace quaero::test {

/// A pool that runs nothing and remembers what it was told.
struct fake_pool {
  worker_pool_actor handle;
  std::vector<leased_job> assigned;
  std::vector<job_id> cancelled;
  int expired = 0; ///< Leases that ran out.
};

/// The QUEUE between a real READER and DOCUMENT STORE, fake pools, and a
/// collector whose commits a test may hold back.
class queue_fixture : public deterministic {
public:
  queue_fixture();
  ~queue_fixture();

  /// Makes a queue, by `config`.
  void start();

  /// Ends queue and pools, makes a new queue on what the database has.
  void restart();

  fake_pool& attach(uint32_t slots, const std::string& type = "t",
                    const std::string& node = "here");

  /// Jobs that a test wants, as they are sent to the queue.
  enqueue_ptr make_request(std::vector<new_job> jobs, job_place place = {});

  /// Queues jobs and waits for the answer.
  std::vector<job_id> enqueue(std::vector<new_job> jobs, job_place place = {});
  std::vector<job_id> enqueue(size_t n, job_place place = {});

  /// Ends an attempt; `change` may alter the report.
  template <class F>
  void report(const leased_job& lease, job_outcome outcome, F&& change) {
    job_report x;
    x.id = lease.job.id;
    x.epoch = lease.epoch;
    x.attempt = lease.attempt;
    x.started_at = clock.now();
    x.outcome = std::move(outcome);
    change(x);
    tell(aut, atom::report_v, report_block{{x}});
  }
  void report(const leased_job& lease, job_outcome outcome
                                       = job_outcome::ok()) {
    report(lease, std::move(outcome), [](job_report&) {});
  }

  /// What a pool's attempt stores when it begins.
  void store_start(const leased_job& lease);

  /// Lets the commits go that `hold` has kept, in order.
  void release_commits();

  queue_status stats();
  const log_collector_actor& collector() const { return collector_; }
  job_place new_run(); ///< Ids of a run and of a step in it.

  std::vector<storage::queue_entry> entries() const;
  std::vector<job_event> events(const job_id& id) const;
  job_state state(const job_id& id) const { return fold(events(id)); }
  size_t keys() const; ///< In the whole database.

  std::shared_ptr<storage::fault_store> db;
  std::shared_ptr<id_generator> ids;
  queue_config config;
  queue_actor aut;
  std::list<fake_pool> pools; ///< Stable addresses.
  bool hold = false;
  std::vector<commit_ptr> commits; ///< All that were asked for.

private:
  struct held_commit {
    commit_ptr change;
    kept_promise<ack_promise> reply;
  };

  void write(held_commit x);

  std::vector<held_commit> held_;
  log_collector_actor collector_;
  reader_actor reader_;
  document_store_actor documents_;
};

/// What a pool at home offers.
pool_offer offer(const std::string& type, const std::string& node,
                 uint32_t slots);

/// A job of type "t" with that name.
new_job named(const std::string& name, uint8_t priority = 4);

/// The names of the jobs that were assigned, in order, with a blank between.
std::string names(const fake_pool& x);

} // namespace quaero::test
