#pragma once

#include "actors/life_actors.hpp"
#include "actors/messages.hpp"

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// Part of actors.hpp: who does the work, and who watches it.
namespace quaero {

/// A DEFINITION WORKER: turns a step into work.
using definition_worker_actor = caf::typed_actor<
  // Sentences about what is wrong with the step's configuration; none is good.
  caf::replies_to<atom::validate, step>::with<std::vector<std::string>>,
  // Looks; changes nothing. May be repeated.
  caf::replies_to<atom::init, step_context>::with<init_result>,
  // Makes the jobs, or does the work. Repeated when its answer was not stored.
  caf::replies_to<atom::create, step_context, init_result>::with<step_output>,
  // The step is over: forget it.
  caf::reacts_to<atom::forget, job_id>>;

/// A JOB WORKER: executes queue jobs, many at a time.
using job_worker_actor = caf::typed_actor<
  // Runs one attempt. An error counts as a failure worth retrying.
  caf::replies_to<atom::execute, job_context_ptr>::with<job_outcome>>;

/// A BLOCK WORKER: executes very short jobs, a block at a time.
using block_worker_actor = caf::typed_actor<
  // One outcome for each job, in order.
  caf::replies_to<atom::execute, job_block>::with<std::vector<job_outcome>>>;

/// Answers what workers ask that only the hub can know. Workers at home may ask
/// it, or what stands behind it, without a detour.
using question_actor = caf::typed_actor<
  // The text of the answer. An error is the worker's to judge.
  caf::replies_to<atom::visit, job_question>::with<std::string>>;

/// A QUEUE JOB: one attempt in progress.
using queue_job_actor = caf::typed_actor<
  // Its start is stored: go.
  caf::reacts_to<atom::start>,
  // Stop as soon as the worker notices.
  caf::reacts_to<atom::cancel>,
  // The worker has ended, for this reason; maybe because of this job. The pool
  // says so: a monitor of each attempt would stay with a worker that outlives
  // millions of them.
  caf::reacts_to<atom::report, std::string, bool>,
  // The worker has said something.
  caf::reacts_to<atom::flush>>;

/// A WORKER POOL: free slots for one worker type.
using worker_pool_actor = status_actor::extend<
  // Run these; never more than the slots it attached with.
  caf::reacts_to<atom::assign, job_block>,
  // Stop these if they run.
  caf::reacts_to<atom::cancel, id_list>,
  // Its lease ran out: nothing that it runs counts any more. It stops all, and
  // attaches again when that has ended.
  caf::reacts_to<atom::expire>>;

/// What a WORKER POOL needs of the QUEUE, or of who stands for it where there
/// is none.
using work_giver_actor = caf::typed_actor<
  // A pool offers slots, until it ends or its lease runs out. Again: it offers
  // so many from now on; none at all is fine.
  caf::reacts_to<atom::attach, worker_pool_actor, pool_offer>,
  // A pool that has jobs lives: its lease begins again.
  caf::reacts_to<atom::renew>,
  // Attempts ended. Reports of an older epoch are refused and logged.
  caf::reacts_to<atom::report, report_block>>;

/// What an attempt needs of the LOG COLLECTOR, or of who stands for it.
using commit_taker_actor = caf::typed_actor<
  // Has it stored; replies when it is.
  caf::reacts_to<atom::commit, commit_ptr>>;

/// A STEP MONITOR: counts what is below one step.
using step_monitor_actor = caf::typed_actor<
  // One commit or assignment changed the counts.
  caf::reacts_to<atom::count, step_delta>,
  // Somebody who makes children of the step has made all of his: the count may
  // end now, unless there are others. The step itself is the first of them.
  caf::reacts_to<atom::sealed>,
  // One more is about to make children and says `sealed` afterwards; false if
  // the end has been told already.
  caf::replies_to<atom::attach>::with<bool>,
  caf::replies_to<atom::progress>::with<child_counts>,
  caf::replies_to<atom::status>::with<actor_status>>;

/// Who waits for a STEP MONITOR to see the end.
using step_watcher_actor = caf::typed_actor<
  // All children are terminal. Said once.
  caf::reacts_to<atom::done, child_counts>>;

/// The JOB MONITOR: the progress of one run.
using job_monitor_actor = caf::typed_actor<
  // A step changed; replaces what was known of it.
  caf::reacts_to<atom::progress, step_progress>,
  // The run changed.
  caf::reacts_to<atom::status, job_status>,
  caf::replies_to<atom::progress>::with<run_progress>,
  caf::replies_to<atom::status>::with<actor_status>>;

} // namespace quaero
