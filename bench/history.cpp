#include "bench/history.hpp"

#include "bench/harness.hpp"

namespace quaero::bench {

namespace {

constexpr size_t commit_bytes_max = 1 << 18;

} // namespace

history_writer::history_writer(storage::store& db)
  : db_{db}, ids_{system_wall_clock(), 1}, index_{db, {}} {}

void history_writer::add(const queue_job& job, const storage::run_facets& run,
                         job_status state) {
  storage::put_job(batch_, job);
  const auto facets = index_.name(storage::facets_of(job), run);
  index_.add(facets, job.id);
  ++totals_.jobs[static_cast<size_t>(state)];
  totals_.roots += job.parent_id ? 0u : 1u;
  if (state == job_status::pending) {
    storage::put_queue_entry(batch_, {{job.priority, ++sequence_},
                                      job.id,
                                      job.step_id,
                                      job.manager_id,
                                      job.type,
                                      job.queue,
                                      job.priority,
                                      {},
                                      0,
                                      {},
                                      {},
                                      {}});
  } else {
    job_event event;
    event.id = job.id;
    event.status = state;
    event.at = event.started_at = job.created_at;
    event.attempt = 1;
    storage::put_event(batch_, 2, event);
    index_.move(facets, job.id, job_status::pending, state);
  }
  if (batch_.bytes() > commit_bytes_max)
    commit();
}

void history_writer::commit() {
  require(index_.finish(batch_));
  storage::put_totals(batch_, totals_);
  require(db_.write(batch_, false));
  index_.stored(index_.finished());
  batch_.clear();
}

void write_ended_jobs(storage::store& db, uint64_t jobs, const new_job& job) {
  history_writer to{db};
  queue_job one;
  one.type = job.type;
  one.name = job.name;
  one.config = job.config;
  for (uint64_t i = 0; i < jobs; ++i) {
    one.id = to.next_id();
    one.created_at = created_at(one.id);
    to.add(one, {}, job_status::completed);
  }
  to.commit();
  // As it would be by now, had it come about at the speed of jobs.
  db.compact({}, {});
}

} // namespace quaero::bench
