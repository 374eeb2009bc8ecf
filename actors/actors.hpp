#pragma once

#include "actors/life_actors.hpp"
#include "actors/messages.hpp"
#include "actors/retention_actors.hpp"
#include "actors/schedule_actors.hpp"
#include "actors/work_actors.hpp"

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The interfaces of the runtime (those of what users keep beside runs are in
/// catalog_actors.hpp). An actor knows others by these only.
/// "Replies" without a type means an empty answer, or an error.
namespace quaero {

/// Who answers for others, too.
using status_tree_actor = caf::typed_actor<
  // How it is, and how those below it are; in `census.hpp` is how.
  caf::replies_to<atom::status, atom::visit>::with<actor_status>>;

/// The STORE: the only writer of the database.
using store_actor = status_actor::extend<
  // Writes the batch, replies when it is as durable as asked. An error is
  // final: the store takes nothing any more.
  caf::reacts_to<atom::commit, commit_ptr>>;

/// The LOG COLLECTOR: every commit goes through it, so lines are numbered and
/// events published in the order of the commits.
using log_collector_actor = status_actor::extend<
  // Numbers the lines, keeps the totals, has STORE commit, publishes; replies
  // when committed.
  caf::reacts_to<atom::commit, commit_ptr>,
  // The owner will log no more: its counters leave the memory.
  caf::reacts_to<atom::forget, job_id>,
  // Totals of all jobs.
  caf::replies_to<atom::stats>::with<storage::totals>,
  // Jobs that run. A job of a block pool never does: its start and its end are
  // one event.
  caf::replies_to<atom::list>::with<id_list>>;

/// An EVENT SINK takes what was committed.
using event_sink_actor = caf::typed_actor<
  // In the order of the commits.
  caf::reacts_to<atom::publish, event_block_ptr>>;

/// The EVENT HUB: passes what it gets to every subscriber, and remembers the
/// newest.
using event_hub_actor = event_sink_actor::extend<
  // From now on `sink` gets every block, until it ends.
  caf::reacts_to<atom::subscribe, event_sink_actor>,
  // Blocks behind that number, as soon as there is one; UINT64_MAX: none, but
  // at once.
  caf::replies_to<atom::get, uint64_t>::with<recent_blocks>,
  // Blocks with entries of this stream after that number. The third is the
  // number of a block: who asks knows what was committed before it.
  caf::replies_to<atom::events, job_id, uint64_t,
                  uint64_t>::with<recent_blocks>,
  caf::replies_to<atom::status>::with<actor_status>>;

/// A READER: reads of any length, on a thread that may block.
using reader_actor = status_actor::extend<
  // A job and its state; ec::not_found.
  caf::replies_to<atom::get, job_id>::with<job_view>,
  // Those of these jobs that are there.
  caf::replies_to<atom::get, id_list>::with<std::vector<job_view>>,
  caf::replies_to<atom::list, job_query>::with<job_page>,
  // Lines of a step or of a manager job; ec::not_found.
  caf::replies_to<atom::log, job_id, storage::log_query>::with<log_page>,
  // Lines of one job wherever they are.
  caf::replies_to<atom::log, atom::get, job_id,
                  storage::log_query>::with<log_page>,
  // A part of a stream.
  caf::replies_to<atom::events, stream_query>::with<stream_page_ptr>,
  caf::replies_to<atom::documents,
                  storage::document_query>::with<document_page>,
  // A document by id; ec::not_found.
  caf::replies_to<atom::documents, atom::get, std::string>::with<document>,
  // How many documents there are of each source, and how large they are.
  caf::replies_to<atom::documents, atom::stats>::with<document_statistics>,
  // Every tag of a document once, sorted.
  caf::replies_to<atom::documents, atom::list>::with<std::vector<std::string>>,
  // Documents that hold what is looked for; looks at a bounded number.
  caf::replies_to<atom::documents, atom::search,
                  search_request>::with<search_page>,
  // Records that the QUEUE does not hold in memory.
  caf::replies_to<atom::load, id_list>::with<std::vector<loaded_job>>,
  // All children of a job, for a worker that has lost its memory.
  caf::replies_to<atom::visit, job_id>::with<std::vector<job_view>>,
  // All that was going on when the daemon stopped.
  caf::replies_to<atom::recover>::with<recovery_ptr>,
  // Every operation that is kept, the oldest first.
  caf::replies_to<atom::operations>::with<std::vector<operation>>,
  // Definitions: one, all.
  caf::replies_to<atom::get, std::string>::with<job_definition>,
  caf::replies_to<atom::list>::with<std::vector<job_definition>>>;

/// The DOCUMENT STORE: what a document becomes when it is saved.
using document_store_actor = status_actor::extend<
  // Encodes the documents for a commit of the sender's; `manager` is the run
  // that saves them, or none. To be settled afterwards.
  caf::replies_to<atom::prepare, std::vector<document>,
                  job_id>::with<prepared_ptr>,
  // The commit that held the prepared documents is over.
  caf::reacts_to<atom::settle, prepared_ptr>,
  // Saves one; replies when committed. ec::conflict if its source is another
  // document's.
  caf::replies_to<atom::put, document>::with<document_saved>,
  // Removes one; ec::not_found.
  caf::reacts_to<atom::remove, std::string>,
  // Removes all that are there, a block at a time; replies with how many.
  // ec::conflict while that is going on.
  caf::replies_to<atom::remove>::with<uint64_t>>;

/// The QUEUE: which jobs wait, which run, and who may run one next.
using queue_actor = status_actor::extend<
  // Stores and queues jobs; replies when committed. ec::limit_reached when the
  // queue, or the named queue, is full.
  caf::reacts_to<atom::enqueue, enqueue_ptr>,
  // The same with several requests. One that is refused says so itself.
  caf::reacts_to<atom::enqueue, enqueue_block>,
  // See work_giver_actor.
  caf::reacts_to<atom::attach, worker_pool_actor, pool_offer>,
  caf::reacts_to<atom::renew>, caf::reacts_to<atom::report, report_block>,
  // A pool that has attached runs these since before the daemon started;
  // replies with those that it keeps.
  caf::replies_to<atom::attach, worker_pool_actor,
                  job_claims>::with<std::vector<loaded_job>>,
  // Tell this monitor what changes below a step; ends with the monitor.
  caf::reacts_to<atom::watch, job_id, step_monitor_actor>,
  // No job of this run, or step, starts any more; replies when none runs.
  caf::reacts_to<atom::cancel, job_id>,
  // This job does not start again; replies when it is terminal. ec::conflict
  // if it neither waits nor runs.
  caf::reacts_to<atom::cancel, atom::job, job_id>,
  // The run or step is over.
  caf::reacts_to<atom::forget, job_id>,
  // Why a job is where it is; ec::not_found if it neither waits nor runs.
  caf::replies_to<atom::explain, job_id>::with<explanation>,
  // Named queues: all, by name.
  caf::replies_to<atom::queues>::with<std::vector<queue_info>>,
  // One; ec::not_found.
  caf::replies_to<atom::queues, std::string>::with<queue_info>,
  // Holds from now on, and after a restart; replies when committed.
  // ec::invalid_argument, ec::not_found, ec::limit_reached (too many).
  caf::replies_to<atom::queues, queue_change>::with<queue_info>,
  // Worker types that have a pool, by name.
  caf::replies_to<atom::list>::with<std::vector<type_info>>,
  // Holds from now on, and after a restart; replies when committed.
  // ec::invalid_argument, ec::not_found.
  caf::replies_to<atom::put, type_change>::with<type_info>,
  // Machines that have a pool or a limit, by name.
  caf::replies_to<atom::nodes>::with<std::vector<node_info>>,
  // Holds from now on, and after a restart; replies when committed.
  // ec::invalid_argument, ec::not_found.
  caf::replies_to<atom::put, node_change>::with<node_info>,
  // Takes what the database held, before anything else.
  caf::reacts_to<atom::recover, recovery_ptr>,
  // Assigns nothing more; replies when nothing runs.
  caf::reacts_to<atom::drain>, caf::replies_to<atom::stats>::with<queue_status>,
  // With its pools.
  caf::replies_to<atom::status, atom::visit>::with<actor_status>>;

/// The STEP MANAGER: which worker serves which step.
using step_manager_actor = status_actor::extend<
  // What is wrong with a step's configuration: ec::no_worker, or sentences.
  caf::replies_to<atom::validate, step>::with<std::vector<std::string>>,
  // Validates, then routes. ec::no_worker, ec::invalid_argument.
  caf::replies_to<atom::init, step_context>::with<init_result>,
  caf::replies_to<atom::create, step_context, init_result>::with<step_output>,
  // The step is over: its worker may forget it.
  caf::reacts_to<atom::forget, std::string, job_id>>;

/// A STEP JOB: the life of one step.
using step_job_actor = step_watcher_actor::extend<
  // Makes another job in the place of one that has failed; ec::wrong_state if
  // no job can be added any more.
  caf::replies_to<atom::retry, retry_order>::with<job_id>,
  // The run is being stopped: end as cancelled when the QUEUE is done with it.
  caf::reacts_to<atom::cancel>,
  // The same, of the step alone.
  caf::reacts_to<atom::cancel, atom::job>,
  // What it waits for.
  caf::replies_to<atom::explain>::with<explanation>,
  // With its monitor.
  caf::replies_to<atom::status>::with<actor_status>>;

/// A MANAGER JOB: one run of a definition.
using manager_job_actor = caf::typed_actor<
  // A step is terminal, committed.
  caf::reacts_to<atom::done, step_result>,
  // More children failed than the definition tolerates. Said once.
  caf::reacts_to<atom::exceeded, uint64_t>,
  // Stop the run; replies when nothing of it can start again.
  caf::reacts_to<atom::cancel>,
  // Stop this step; replies when nothing of it can start again. The run goes on
  // as after a failure. ec::conflict if the step is over.
  caf::reacts_to<atom::cancel, job_id>,
  // What the run, or one of its steps, waits for. ec::not_found.
  caf::replies_to<atom::explain, job_id>::with<explanation>,
  // See step_job_actor.
  caf::replies_to<atom::retry, retry_order>::with<job_id>,
  caf::replies_to<atom::progress>::with<run_progress>,
  // With its monitor and its steps that run.
  caf::replies_to<atom::status>::with<actor_status>>;

/// Who turns "run this definition" into a run.
using run_starter_actor = caf::typed_actor<
  // See the DISPATCHER.
  caf::replies_to<atom::execute, run_request>::with<run_started>>;

/// The JOB MANAGER: makes, finds and recovers jobs. Knows nothing of routing.
/// What a JOB KEEPER is asked may be asked here, too.
using job_manager_actor = job_keeper_actor::extend<
  // Makes jobs; replies with their ids, in order, when committed.
  caf::replies_to<atom::submit, submission>::with<id_list>,
  // Makes jobs of their own; replies when committed. ec::shutting_down while
  // what was going on is not back yet; the QUEUE's errors.
  caf::replies_to<atom::enqueue, enqueue_order_ptr>::with<enqueued>,
  // Makes the manager job of a run and starts it.
  caf::replies_to<atom::start, run_plan>::with<run_started>,
  // Makes a job in a step of a run that goes on; ec::wrong_state if none can be
  // added to it.
  caf::replies_to<atom::retry, retry_order>::with<job_id>,
  // Live progress of a run; ec::not_found if it is over.
  caf::replies_to<atom::progress, job_id>::with<run_progress>,
  // Stops a run, a step or a single job; replies when nothing of it can start
  // again. ec::not_found; ec::conflict if it is over.
  caf::reacts_to<atom::cancel, job_id>,
  // Why a job is where it is; ec::not_found.
  caf::replies_to<atom::explain, job_id>::with<explanation>,
  // A run is over.
  caf::reacts_to<atom::done, job_id>,
  // Replies when that run is over, with how it ended; ec::not_found.
  caf::replies_to<atom::watch, job_id>::with<job_view>,
  // Starts runs that runs want.
  caf::reacts_to<atom::attach, run_starter_actor>,
  // A run wants another one: passed on to the starter.
  caf::replies_to<atom::execute, run_request>::with<run_started>,
  // Tells the watcher of every run from now on, and of those that go on.
  caf::reacts_to<atom::subscribe, run_watcher_actor>,
  // Brings every run and queued job back that the database says was going on;
  // replies with how many runs.
  caf::replies_to<atom::recover>::with<uint64_t>,
  // With its runs.
  caf::replies_to<atom::status, atom::visit>::with<actor_status>>;

/// The DISPATCHER: turns a definition into a run, one at a time each unless it
/// is asked for another one beside it.
using dispatcher_actor = status_actor::extend<
  // ec::not_found, ec::disabled, ec::invalid_argument (also: its pre_jobs and
  // post_jobs lead back to it), ec::conflict (its run is still going on; the
  // message holds the id), ec::shutting_down. What a run wants waits while the
  // daemon starts.
  caf::replies_to<atom::execute, run_request>::with<run_started>,
  // Runs again what a run was started with, or makes a job like a job;
  // ec::conflict as above, and the JOB KEEPER's errors.
  caf::replies_to<atom::rerun, rerun_request>::with<job_made>,
  // Stores a definition; the answer is true if it is new. For tests and tools:
  // nothing is asked.
  caf::replies_to<atom::put, job_definition>::with<bool>,
  // Stores a definition. ec::not_found, ec::read_only (one of the system, which
  // only a file of the system replaces), ec::changed. Changes of one definition
  // are made one after another.
  caf::replies_to<atom::put, definition_change>::with<definition_stored>,
  // ec::not_found, ec::read_only, ec::changed.
  caf::reacts_to<atom::remove, definition_removal>,
  // Tells the watcher of every definition that is stored or removed from now
  // on, and of all runs.
  caf::reacts_to<atom::subscribe, definition_watcher_actor>,
  // All that was going on is known: runs may start.
  caf::reacts_to<atom::recover>,
  // From now on no run starts.
  caf::reacts_to<atom::drain>,
  // This run of this definition goes on (true), or is over.
  caf::reacts_to<atom::watch, std::string, job_id, bool>>;

} // namespace quaero
