#pragma once

#include "definitions/job_state.hpp"
#include "definitions/log_entry.hpp"
#include "definitions/queue_job.hpp"
#include "storage/job_index.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What is committed and what is published.
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

/// What an event does not say: where its job belongs and comes from.
struct event_place {
  job_status from = job_status::pending; ///< The state that it moved from.
  job_id manager;                        ///< None outside of a run.
  job_id step;                           ///< None outside of a step.
  std::string type;                      ///< Of the job.

  bool operator==(const event_place&) const = default;
};

/// Jobs that one commit makes below one parent.
struct spawned_jobs {
  job_id manager; ///< None outside of a run.
  job_id parent;  ///< None for roots.
  job_id newest;
  std::string type; ///< Of the newest.
  uint64_t count = 0;
};

/// A job that a commit makes or removes.
struct commit_job {
  job_id id;
  uint32_t facets = 0; ///< Index into commit::facets.
  job_status state = job_status::pending;
  /// Of one that is removed: why it was a dead letter, if it was.
  failure_reason dead = failure_reason::none;
};

/// A job that is no dead letter any more: it was tried again.
struct raised_job {
  job_id id;
  failure_reason dead; ///< Why it was one.
};

/// A change that somebody wants stored: all of it or nothing.
/// The LOG COLLECTOR numbers the lines and keeps the totals and the index of
/// jobs; records and events must already be encoded in `ops`, here they are
/// what is counted, found and told.
struct commit {
  storage::write_batch ops;
  std::vector<log_line> lines;
  std::vector<job_event> events;
  std::vector<event_place> places;         ///< Of events[i].
  std::vector<spawned_jobs> spawned;       ///< Queue jobs only.
  std::vector<uint32_t> event_facets;      ///< Of the job of events[i].
  std::vector<storage::job_facets> facets; ///< Few: neighbours are alike.
  std::vector<commit_job> made;            ///< New jobs, pending.
  std::vector<commit_job> removed;         ///< Jobs that are no more.
  std::vector<raised_job> raised;
  /// Runs whose manager job is among `made`, and what all of their jobs share.
  std::vector<std::pair<job_id, storage::run_facets>> runs;
  int64_t documents = 0; ///< New ones minus removed ones.
  /// Called when it is stored, behind its answer, in the thread of the STORE
  /// and in the order of the commits. May be empty; must not block.
  std::function<void()> stored;
  durability level = durability::group;

  /// Equal facets are looked for among so many of the newest.
  static constexpr size_t facets_looked_at_max = 8;

  /// Where these facets are in `facets`, to which they are added if need be.
  uint32_t facets_index(const job_id& manager, std::string_view type,
                        std::string_view queue,
                        const std::vector<std::string>& tags, bool root);
  uint32_t facets_index(const queue_job& job);

  /// A job whose record `ops` holds. Before its first event.
  void add_job(const queue_job& job) { add_job(job.id, facets_index(job)); }
  void add_job(const job_id& id, uint32_t facets_at) {
    made.push_back({id, facets_at, job_status::pending, failure_reason::none});
  }

  /// A job whose record and events `ops` removes; it was in that state.
  void remove_job(const queue_job& job, job_status state,
                  failure_reason dead = failure_reason::none) {
    removed.push_back({job.id, facets_index(job), state, dead});
  }

  /// Encodes `event` as number `n` of its job and remembers to publish it.
  void add_event(uint32_t n, job_event event, event_place place,
                 uint32_t facets_at) {
    storage::put_event(ops, n, event);
    events.push_back(std::move(event));
    places.push_back(std::move(place));
    event_facets.push_back(facets_at);
  }
  void add_event(uint32_t n, job_event event, job_status from,
                 const queue_job& job) {
    add_event(n, std::move(event),
              {from, job.manager_id, job.step_id, job.type}, facets_index(job));
  }

  /// Counts `n` new jobs of one parent, `newest` the last of them.
  void add_spawned(const queue_job& newest, uint64_t n) {
    const auto& parent = newest.parent_id;
    if (spawned.empty() || spawned.back().parent != parent)
      spawned.push_back({newest.manager_id, parent, {}, {}, 0});
    auto& last = spawned.back();
    last.newest = newest.id;
    last.type = newest.type;
    last.count += n;
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
/// A run's stream has its lines and the events of its jobs; a job outside of
/// any run has a stream of its own, under its own id. Numbers of one stream
/// have no gap; within a block lines come before events.
struct event_block {
  std::vector<job_event> events;
  std::vector<event_place> places;     ///< Of events[i].
  std::vector<uint64_t> event_numbers; ///< Of events[i] in its run's stream.
  std::vector<log_entry> lines;
  std::vector<uint64_t> line_numbers; ///< Of lines[i] in its run's stream.
  /// Of events[0] in the daemon's stream of events; the others follow.
  uint64_t first_event = 0;
  std::vector<spawned_jobs> spawned;
  std::vector<run_progress> progress;
  std::optional<storage::totals> totals; ///< As they are from here on.
};
using event_block_ptr = std::shared_ptr<const event_block>;

/// Whose stream an event or a line is in.
inline const job_id& stream_of(const job_event& x, const event_place& place) {
  return place.manager ? place.manager : x.id;
}
inline const job_id& stream_of(const log_line& x) {
  return x.manager ? x.manager : x.owner;
}

} // namespace quaero
