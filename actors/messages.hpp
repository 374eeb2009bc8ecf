#pragma once

#include "definitions/document.hpp"
#include "definitions/error.hpp"
#include "definitions/inspect.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/job_state.hpp"
#include "definitions/log_entry.hpp"
#include "definitions/queue_job.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quaero {

// -- context ------------------------------------------------------------------

/// Whose work something is. Travels with every message that can log.
struct job_scope {
  job_id manager;
  job_id step;
  std::string manager_name;
  std::string definition_id;
  std::string step_name;
  std::vector<std::string> tags; ///< Of the definition.
};

// -- what is committed --------------------------------------------------------

/// A change that somebody wants stored: all of it or nothing.
/// The LOG COLLECTOR numbers the lines and keeps the totals; events must
/// already be encoded in `ops`, here they are what the world is told of.
struct commit {
  storage::write_batch ops;
  std::vector<log_line> lines;
  std::vector<job_event> events;
  std::vector<job_status> left; ///< The state that events[i] moved from.
  uint64_t created = 0;         ///< New jobs, pending.
  uint64_t roots = 0;           ///< Those of them without a parent.
  int64_t documents = 0;        ///< New ones minus removed ones.
  durability level = durability::group;

  /// Encodes `event` as number `n` of its job and remembers to publish it.
  void add_event(uint32_t n, job_event event, job_status from) {
    storage::put_event(ops, n, event);
    events.push_back(std::move(event));
    left.push_back(from);
  }
};
using commit_ptr = std::shared_ptr<commit>;

// -- what is published --------------------------------------------------------

/// Progress of one step, as the JOB MONITOR sees it.
struct step_progress {
  job_id id; ///< None while the step has not started.
  std::string name;
  std::string type;
  job_status status = job_status::pending;
  child_counts children;
  std::string error;
};

struct run_progress {
  job_id manager;
  job_status status = job_status::pending;
  std::vector<step_progress> steps; ///< In the order of the definition.
  child_counts children;            ///< Over all steps.
};

/// What was committed together and what it means, in the order of the commits.
struct event_block {
  std::vector<job_event> events;
  std::vector<log_entry> lines;
  std::vector<run_progress> progress;
};
using event_block_ptr = std::shared_ptr<const event_block>;

// -- queue and pools ----------------------------------------------------------

/// A job and the right to run it once.
struct leased_job {
  queue_job job;
  uint64_t epoch = 0;
  uint32_t attempt = 1;
  /// The attempt before this one ended without a word (the daemon stopped).
  uint64_t interrupted_epoch = 0;
};

struct job_block {
  std::vector<leased_job> jobs;
};

/// How one attempt ended, as the worker says it.
struct job_outcome {
  job_status status = job_status::completed; ///< A terminal state.
  std::string error;
  bool retryable = true; ///< Only for failed: is another try worth it?
  uint64_t result_count = 0;
  std::string result; ///< JSON object or "".

  static job_outcome ok() { return {}; }
  static job_outcome failure(std::string why, bool retryable = true) {
    return {job_status::failed, std::move(why), retryable, 0, {}};
  }
  static job_outcome stopped() {
    return {job_status::cancelled, "cancelled", false, 0, {}};
  }
};

/// One attempt's outcome and what it leaves behind. Commits as a whole.
struct job_report {
  job_id id;
  uint64_t epoch = 0;
  uint32_t attempt = 1;
  timestamp started_at{};
  bool start_logged = false; ///< "running" has an event of its own.
  job_outcome outcome;
  /// The job shall run again, not before this moment; zero: not again.
  timestamp retry_at{};
  std::vector<new_job> children;
  std::vector<document> documents;
  std::vector<log_line> lines;
};

struct report_block {
  std::vector<job_report> reports;
};

/// Jobs to be made in one commit.
struct submission {
  job_scope scope;
  job_id parent; ///< None: the jobs are roots.
  std::vector<new_job> jobs;
  durability level = durability::group;
  /// Committed with the jobs: says that the step has made all its children.
  std::optional<job_event> marker;
  uint32_t marker_n = 0;
};

/// Jobs with their identity, ready to be stored and queued.
struct enqueue_request {
  std::vector<queue_job> jobs;
  storage::write_batch ops; ///< The encoded records of `jobs` and more.
  durability level = durability::group;
};
using enqueue_ptr = std::shared_ptr<enqueue_request>;

struct id_list {
  std::vector<job_id> ids;
};

/// What changed below a step, from one commit or one assignment.
struct step_delta {
  job_id step;
  int64_t created = 0;
  int64_t started = 0;   ///< pending -> running; negative for the way back.
  int64_t completed = 0; ///< From running.
  int64_t failed = 0;    ///< From running.
  int64_t cancelled = 0; ///< From running.
  int64_t dropped = 0;   ///< pending -> cancelled.
  int64_t documents = 0; ///< New ones.

  step_delta& operator+=(const step_delta& x) {
    created += x.created;
    started += x.started;
    completed += x.completed;
    failed += x.failed;
    cancelled += x.cancelled;
    dropped += x.dropped;
    documents += x.documents;
    return *this;
  }
};

/// What a queue entry needs beside its record to be dispatched again.
struct loaded_job {
  queue_job job;
  uint32_t attempt = 0; ///< Of the newest event.
  uint64_t interrupted_epoch = 0;
};

struct queue_status {
  uint64_t ready = 0;
  uint64_t delayed = 0;
  uint64_t leased = 0;
};

// -- runs ---------------------------------------------------------------------

struct run_request {
  std::string definition_id;
  std::vector<std::pair<std::string, std::string>> overrides; ///< config keys.
};

struct run_started {
  job_id manager;
  std::string name;
};

/// Everything a worker may know about the step it serves.
struct step_context {
  job_scope scope;
  step definition;                         ///< Placeholders replaced.
  value job_config = value::make_object(); ///< Of the definition.
  std::string base_url;
  std::string source_type;
  std::string auth_id;
};

/// What a definition worker found out about a step; nothing has changed yet.
struct init_result {
  uint64_t work_items = 0;
  std::string strategy = "parallel"; ///< parallel, inline or sequential.
  std::vector<log_line> lines;       ///< Said while looking; level and text.
  value metadata;                    ///< For the worker's own create.
};

/// What a step has made: jobs to be executed, or the work itself.
struct step_output {
  std::vector<new_job> jobs;
  std::vector<document> documents;
  std::vector<log_line> lines; ///< Level and text; the step adds the rest.
  std::string result;          ///< JSON object or "".
};

/// How a step ended.
struct step_result {
  std::string name;
  job_status status = job_status::completed;
  std::string error;
  child_counts children;
};

/// A step of a run that was going on when the daemon stopped.
struct recovered_step {
  queue_job job;
  job_state state;
  bool spawned = false;    ///< All children were made.
  uint32_t next_event = 1; ///< Number for its next event.
  child_counts children;
};

struct recovered_run {
  queue_job manager;
  job_state state;
  uint32_t next_event = 1;
  std::vector<recovered_step> steps;
};

/// What the database says was going on.
struct recovery {
  std::vector<recovered_run> runs;
  std::vector<storage::queue_entry> queue;
  /// Queued jobs of runs whose last attempt nobody ended.
  std::vector<job_id> interrupted;
  /// Above every sequence that an entry or a stored head has.
  uint64_t next_sequence = 1;
};
using recovery_ptr = std::shared_ptr<recovery>;

// -- views: what READER answers -----------------------------------------------

struct job_view {
  queue_job job;
  job_state state;
};

struct job_page {
  std::vector<job_view> jobs;
  uint64_t total = 0;
};

/// Which jobs are wanted: roots, newest first, or children, oldest first.
struct job_query {
  std::optional<job_id> parent;     ///< Absent: roots.
  std::vector<job_status> statuses; ///< Empty: all.
  size_t limit = 50;
  size_t offset = 0;
};

struct log_page {
  std::vector<log_entry> lines; ///< Ascending.
  uint64_t total = 0;           ///< At or above the level asked for.
  uint64_t unfiltered_total = 0;
};

struct document_page {
  std::vector<document> documents;
  uint64_t total = 0;
};

/// What the DOCUMENT STORE made of documents that shall be saved.
struct prepared_documents {
  storage::write_batch ops;
  uint64_t created = 0;
  std::vector<std::string> ids; ///< Source keys, for settling.
};
using prepared_ptr = std::shared_ptr<prepared_documents>;

/// One actor's answer to `status`.
struct actor_status {
  std::string name;
  uint64_t mailbox = 0; ///< Messages that wait.
  std::vector<std::pair<std::string, int64_t>> numbers;
};

class job_context;
using job_context_ptr = std::shared_ptr<job_context>;

// -- how messages travel between nodes ----------------------------------------

template <class Inspector>
auto inspect(Inspector& f, leased_job& x) {
  return f(caf::meta::type_name("leased_job"), x.job, x.epoch, x.attempt,
           x.interrupted_epoch);
}

template <class Inspector>
auto inspect(Inspector& f, job_block& x) {
  return f(caf::meta::type_name("job_block"), x.jobs);
}

template <class Inspector>
auto inspect(Inspector& f, job_outcome& x) {
  return f(caf::meta::type_name("job_outcome"), x.status, x.error, x.retryable,
           x.result_count, x.result);
}

template <class Inspector>
auto inspect(Inspector& f, job_report& x) {
  return f(caf::meta::type_name("job_report"), x.id, x.epoch, x.attempt,
           x.started_at, x.start_logged, x.outcome, x.retry_at, x.children,
           x.documents, x.lines);
}

template <class Inspector>
auto inspect(Inspector& f, report_block& x) {
  return f(caf::meta::type_name("report_block"), x.reports);
}

template <class Inspector>
auto inspect(Inspector& f, id_list& x) {
  return f(caf::meta::type_name("id_list"), x.ids);
}

template <class Inspector>
auto inspect(Inspector& f, step_delta& x) {
  return f(caf::meta::type_name("step_delta"), x.step, x.created, x.started,
           x.completed, x.failed, x.cancelled, x.dropped, x.documents);
}

} // namespace quaero

// Append only: an id is wire format once two nodes talk.
CAF_BEGIN_TYPE_ID_BLOCK(quaero_types, caf::first_custom_type_id)

  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_id))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::durability))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_status))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_event))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::child_counts))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::queue_job))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::new_job))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::log_line))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::log_entry))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::document))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::leased_job))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_block))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_outcome))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_report))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::report_block))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::id_list))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::step_delta))

  // CAF 0.17: an atom's text has at most 10 characters.
  CAF_ADD_ATOM(quaero_types, quaero::atom, assign, "assign")
  CAF_ADD_ATOM(quaero_types, quaero::atom, attach, "attach")
  CAF_ADD_ATOM(quaero_types, quaero::atom, cancel, "cancel")
  CAF_ADD_ATOM(quaero_types, quaero::atom, commit, "commit")
  CAF_ADD_ATOM(quaero_types, quaero::atom, count, "count")
  CAF_ADD_ATOM(quaero_types, quaero::atom, create, "create")
  CAF_ADD_ATOM(quaero_types, quaero::atom, documents, "documents")
  CAF_ADD_ATOM(quaero_types, quaero::atom, done, "done")
  CAF_ADD_ATOM(quaero_types, quaero::atom, drain, "drain")
  CAF_ADD_ATOM(quaero_types, quaero::atom, enqueue, "enqueue")
  CAF_ADD_ATOM(quaero_types, quaero::atom, exceeded, "exceeded")
  CAF_ADD_ATOM(quaero_types, quaero::atom, execute, "execute")
  CAF_ADD_ATOM(quaero_types, quaero::atom, flush, "flush")
  CAF_ADD_ATOM(quaero_types, quaero::atom, forget, "forget")
  CAF_ADD_ATOM(quaero_types, quaero::atom, get, "get")
  CAF_ADD_ATOM(quaero_types, quaero::atom, init, "init")
  CAF_ADD_ATOM(quaero_types, quaero::atom, list, "list")
  CAF_ADD_ATOM(quaero_types, quaero::atom, load, "load")
  CAF_ADD_ATOM(quaero_types, quaero::atom, log, "log")
  CAF_ADD_ATOM(quaero_types, quaero::atom, prepare, "prepare")
  CAF_ADD_ATOM(quaero_types, quaero::atom, progress, "progress")
  CAF_ADD_ATOM(quaero_types, quaero::atom, publish, "publish")
  CAF_ADD_ATOM(quaero_types, quaero::atom, put, "put")
  CAF_ADD_ATOM(quaero_types, quaero::atom, recover, "recover")
  CAF_ADD_ATOM(quaero_types, quaero::atom, remove, "remove")
  CAF_ADD_ATOM(quaero_types, quaero::atom, report, "report")
  CAF_ADD_ATOM(quaero_types, quaero::atom, retry, "retry")
  CAF_ADD_ATOM(quaero_types, quaero::atom, sealed, "sealed")
  CAF_ADD_ATOM(quaero_types, quaero::atom, settle, "settle")
  CAF_ADD_ATOM(quaero_types, quaero::atom, start, "start")
  CAF_ADD_ATOM(quaero_types, quaero::atom, stats, "stats")
  CAF_ADD_ATOM(quaero_types, quaero::atom, status, "status")
  CAF_ADD_ATOM(quaero_types, quaero::atom, submit, "submit")
  CAF_ADD_ATOM(quaero_types, quaero::atom, subscribe, "subscribe")
  CAF_ADD_ATOM(quaero_types, quaero::atom, timeout, "timeout")
  CAF_ADD_ATOM(quaero_types, quaero::atom, validate, "validate")
  CAF_ADD_ATOM(quaero_types, quaero::atom, visit, "visit")
  CAF_ADD_ATOM(quaero_types, quaero::atom, wake, "wake")
  CAF_ADD_ATOM(quaero_types, quaero::atom, watch, "watch")

CAF_END_TYPE_ID_BLOCK(quaero_types)

// Messages between actors of one process. They hold batches, handles or trees
// and never travel.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::commit_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::enqueue_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::event_block_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::recovery_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::prepared_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_context_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::run_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::run_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::run_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_context)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::init_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_definition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::log_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::document_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::storage::log_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::storage::document_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::storage::totals)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::actor_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::queue_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::document>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::loaded_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::job_definition>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::job_view>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::job_outcome>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::actor_status>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<std::string>)
