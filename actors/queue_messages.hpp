#pragma once

#include "actors/commit_messages.hpp"
#include "actors/enqueue_messages.hpp"
#include "definitions/document.hpp"
#include "definitions/inspect.hpp"
#include "definitions/job_label.hpp"
#include "definitions/queue_settings.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the QUEUE and the pools say to each other; most of it travels.
namespace quaero {

// -- queue and pools ----------------------------------------------------------

/// A job and the right to run it once.
struct leased_job {
  queue_job job;
  uint64_t epoch = 0;
  uint32_t attempt = 1;
  /// The attempt before this one ended without a word (the daemon stopped).
  uint64_t interrupted_epoch = 0;
  uint32_t uncounted = 0; ///< Attempts that the retry policy does not count.
  uint32_t deaths = 0;    ///< Workers that ended while they had the job.

  /// Whether the policy of the job allows another attempt after this one.
  bool may_retry() const { return attempt - uncounted < job.retry.attempts; }
};

struct job_block {
  std::vector<leased_job> jobs;
};

/// What a worker asks while it has a job; the text is its type's own.
struct job_question {
  job_id job;
  job_id step; ///< Of the job, or the job itself; set by the hub.
  std::string text;
};

/// How one attempt ended, as the worker says it.
struct job_outcome {
  job_status status = job_status::completed; ///< A terminal state.
  std::string error;
  bool retryable = true; ///< Only for failed: is another try worth it?
  uint64_t result_count = 0;
  std::string result; ///< JSON object or "".
  /// > 0: nothing has failed; the job shall run again after so long, and the
  /// attempt does not count. `status` then means nothing.
  std::chrono::milliseconds snooze{};
  bool worker_died = false; ///< It ended while it had the job.
  bool blamed = false;      ///< The worker may have ended because of the job.
  bool timed_out = false;   ///< It was stopped because it took too long.

  static job_outcome ok() { return {}; }
  static job_outcome later(std::chrono::milliseconds wait) {
    job_outcome out;
    out.snooze = wait;
    return out;
  }
  static job_outcome failure(std::string why, bool retryable = true) {
    job_outcome out;
    out.status = job_status::failed;
    out.error = std::move(why);
    out.retryable = retryable;
    return out;
  }
  static job_outcome stopped() {
    auto out = failure("cancelled", false);
    out.status = job_status::cancelled;
    return out;
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
  /// With `retry_at`: the retry policy does not count this attempt.
  bool uncounted = false;
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
  /// The job that the first of `jobs` is another try of; its label says so
  /// from the same commit on. None: no such job.
  job_id retry_of;
  job_label label; ///< What the label of that job says so far.
  /// Why that job is a dead letter, which it is no more; none: it is none.
  failure_reason reason = failure_reason::none;
};

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

/// How a named queue is.
struct queue_info {
  std::string name;
  queue_settings settings;
  uint64_t ready = 0;
  uint64_t delayed = 0;
  uint64_t running = 0;
  timestamp oldest{}; ///< Since when the first ready job waits; zero: none.
};

/// What shall be different about a named queue; what is absent stays.
struct queue_change {
  std::string name;
  bool create = true; ///< Else ec::not_found if there is none.
  std::optional<bool> paused;
  std::optional<std::optional<uint64_t>> running_max;
  std::optional<std::optional<uint64_t>> length_max;
  std::optional<std::optional<uint64_t>> key_running_max;
  std::optional<std::optional<uint64_t>> rate_max;
  std::optional<std::chrono::milliseconds> rate_period;
};

/// How the pools of one worker type are.
struct type_info {
  std::string type;
  uint64_t pools = 0;
  uint64_t slots = 0;
  uint64_t busy = 0;
  uint64_t ready = 0;
  bool changed = false; ///< Somebody has said how many slots.
};

/// How many jobs of a type each of its pools runs at once, from now on, also
/// after a restart. ec::not_found: no worker executes jobs of that type.
struct type_change {
  std::string type;
  std::optional<uint32_t> slots; ///< 1 to `slots_max`; none: the worker's own.
};
inline constexpr uint32_t slots_max = 10'000;

/// What a pool offers.
struct pool_offer {
  std::string type;   ///< Of the jobs that it runs.
  std::string node;   ///< The machine that it is on.
  uint32_t slots = 1; ///< Jobs at a time.
  /// Its attempts store that they have started; else start and end of one are
  /// stored together.
  bool stores_starts = true;
  /// It is in another process, and may outlive this one: its jobs have epochs
  /// that say so.
  bool remote = false;
  std::vector<std::string> labels; ///< That the machine has.
};

/// Set in the epoch of an attempt that a remote pool has.
inline constexpr uint64_t remote_epoch_bit = 1;

/// An attempt that goes on since before the daemon started.
struct job_claim {
  job_id id;
  uint64_t epoch = 0;
  uint32_t attempt = 0;
};

struct job_claims {
  std::vector<job_claim> jobs;
};

/// How a machine with worker pools is.
struct node_info {
  std::string name;
  uint64_t running = 0;                ///< Jobs, of all types.
  std::optional<uint64_t> running_max; ///< None is as many as have slots.
};

/// How many jobs a machine runs at once, whatever their types, from now on,
/// also after a restart. ec::not_found: no pool is on a machine of that name.
struct node_change {
  std::string name;
  std::optional<uint64_t> running_max; ///< 1 to `node_running_max`; none: any.
};
inline constexpr uint64_t node_running_max = 1'000'000;

// -- how messages travel between nodes ----------------------------------------

template <class Inspector>
auto inspect(Inspector& f, leased_job& x) {
  return f(caf::meta::type_name("leased_job"), x.job, x.epoch, x.attempt,
           x.interrupted_epoch, x.uncounted, x.deaths);
}

template <class Inspector>
auto inspect(Inspector& f, job_block& x) {
  return f(caf::meta::type_name("job_block"), x.jobs);
}

template <class Inspector>
auto inspect(Inspector& f, job_outcome& x) {
  return f(caf::meta::type_name("job_outcome"), x.status, x.error, x.retryable,
           x.result_count, x.result, x.snooze, x.worker_died, x.blamed,
           x.timed_out);
}

template <class Inspector>
auto inspect(Inspector& f, job_report& x) {
  return f(caf::meta::type_name("job_report"), x.id, x.epoch, x.attempt,
           x.started_at, x.start_logged, x.outcome, x.retry_at, x.uncounted,
           x.children, x.documents, x.lines);
}

template <class Inspector>
auto inspect(Inspector& f, report_block& x) {
  return f(caf::meta::type_name("report_block"), x.reports);
}

template <class Inspector>
auto inspect(Inspector& f, pool_offer& x) {
  return f(caf::meta::type_name("pool_offer"), x.type, x.node, x.slots,
           x.stores_starts, x.remote, x.labels);
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
