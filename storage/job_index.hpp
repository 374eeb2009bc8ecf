#pragma once

#include "definitions/ids.hpp"
#include "definitions/job_state.hpp"
#include "definitions/queue_job.hpp"
#include "storage/store.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// The index of jobs: ids by what jobs are found by, and how many there are in
/// each state. Written in the commit that makes, moves or removes a job; keys
/// and records are in docs/storage_format.md.
namespace quaero::storage {

/// What jobs are found by; a letter in keys.
enum class facet : char {
  all = 'a',        ///< One entry for all jobs, its text is "".
  definition = 'd', ///< The definition of the run.
  dead = 'x',       ///< Dead letters by reason: counts only, those of `failed`.
  tag = 'g',        ///< Its own tags and those of the definition.
  queue = 'q',      ///< "default" has counts only.
  roots = 'r',      ///< Jobs without a parent: no ids of ends, its text is "".
  type = 't',
};

/// What the index must know of a job, from its record.
struct job_facets {
  job_id manager; ///< Its run; none outside.
  std::string type;
  std::string queue; ///< "" for what is never queued: runs and steps.
  std::vector<std::string> tags;
  bool root = false; ///< Has no parent.

  bool operator==(const job_facets&) const = default;
};

job_facets facets_of(const queue_job& x);

/// The queue that a job is found by: "" for what is never queued.
std::string_view indexed_queue(const queue_job& x);

/// The same about a run, for all of its jobs.
struct run_facets {
  std::string definition;
  std::vector<std::string> tags;
};

/// From the record of a manager job; empty where it does not say.
run_facets run_facets_of(const queue_job& manager);

/// The keys under which the index has a job, without the table.
struct facet_keys {
  std::vector<std::string> keys;
  size_t made_only = 0;   ///< Before the last of `counts_only`: see listed().
  size_t counts_only = 0; ///< The last of them.

  /// How many keys, from the first one, have ids of jobs that were made
  /// (pending), or that ended in that state.
  size_t listed(job_status kind) const {
    return keys.size() - counts_only
           - (kind == job_status::pending ? 0 : made_only);
  }
};

using state_counts = std::array<uint64_t, job_status_count>;

/// Jobs of that facet by state (index: job_status); zero if there are none.
status read_job_counts(const store& db, facet about, std::string_view text,
                       state_counts& out);

// -- writing ------------------------------------------------------------------

struct job_index_config {
  /// > 0; counts that stay in memory, about 100 bytes each. More only while
  /// they are being stored.
  size_t counts_kept_max = 10'000;
};

/// Keeps the index: takes what one commit after the other changes, and encodes
/// it into that commit. Counts are kept in memory and read when they are first
/// needed; all commits must go through one writer.
/// Bounds: O(1) a job and facet; a removal reads the blocks that hold the id.
/// Not thread-safe; must not outlive its store.
class job_index_writer {
public:
  job_index_writer(const store& db, job_index_config config);

  /// Names the facets of some of this commit's jobs.
  /// @returns their number, in ascending order from 0.
  uint32_t name(const job_facets& job, const run_facets& run);

  // Of one job whose facets have that number. An id is added once, ends once
  // and is removed once.
  void add(uint32_t facets, const job_id& id);
  void move(uint32_t facets, const job_id& id, job_status from, job_status to);
  void remove(uint32_t facets, const job_id& id, job_status state);

  // A job became a dead letter for this reason, or is none any more.
  void bury(failure_reason why, const job_id& id);
  void raise(failure_reason why, const job_id& id);

  /// Dead letters by reason (index: failure_reason), with what was said so far.
  using reason_counts = std::array<uint64_t, failure_reason_count>;
  status dead_letters(reason_counts& out);

  /// Encodes all that was said since the last call.
  /// @returns what could not be read; then the index is not right any more.
  status finish(write_batch& out);

  /// How often finish() was called.
  uint64_t finished() const { return commits_; }

  /// The commits of the first `n` calls are in the database.
  void stored(uint64_t n) { stored_ = n; }

private:
  static constexpr size_t kinds = job_status_count; // 0: made.

  struct kept_counts {
    state_counts counts{};
    uint64_t commit = 0; ///< Of its last change.
  };

  /// Jobs with the same facets.
  struct group {
    facet_keys facets;
    std::array<int64_t, job_status_count> change{};
    std::array<std::vector<job_id>, kinds> ids;
  };

  kept_counts* counts_of(const std::string& facet_key, status& error);
  void put_counts(const group& x, write_batch& out, status& error);
  void put_ids(group& x, size_t kind, write_batch& out);
  void remove_ids(const std::string& bucket, std::vector<uint64_t>& tails,
                  cursor& at, write_batch& out, status& error);
  void put_block(std::string key, std::string val, write_batch& out);
  void remove_block(std::string key, write_batch& out);
  void put_dead(write_batch& out, status& error);
  void forget_stored();

  /// A job on the list of dead letters, or off it.
  struct dead_change {
    failure_reason why;
    job_id id;
    bool dead;
  };

  const store& db_;
  job_index_config config_;
  uint64_t commits_ = 0;
  uint64_t stored_ = 0;
  std::vector<group> groups_;
  std::vector<dead_change> dead_;
  std::unordered_map<std::string, kept_counts> kept_;
  /// Ids to be removed, by the part of a key that they share.
  std::map<std::string, std::vector<uint64_t>> removals_;
  /// Blocks that removals have changed and that may not be in the database
  /// yet, with the commit; an empty value: it is no more.
  std::map<std::string, std::pair<uint64_t, std::string>> rewritten_;
};

// -- building -----------------------------------------------------------------

/// Called with how many jobs have been looked at.
using index_progress = std::function<void(uint64_t jobs)>;

/// Writes the index anew from the records. Nobody else may write meanwhile.
/// Interrupted, it is begun again by open_job_index().
status rebuild_job_index(store& db, const index_progress& progress);

/// Builds the index of a database that has none.
status open_job_index(store& db, const index_progress& progress);

// -- what readers of the index must know of its keys --------------------------

/// Ids of one block that were made or ended together share their first half.
struct id_halves {
  uint64_t head = 0;
  uint64_t tail = 0;
};

id_halves halve(const job_id& x);
job_id join(const id_halves& x);

/// The key up to where heads begin. `kind`: the state that was reached, pending
/// for all jobs made.
std::string posting_prefix(facet about, std::string_view text, job_status kind);

/// Appends the tails of a block, ascending.
/// @returns false if the block is damaged.
bool decode_block(std::string_view val, std::vector<uint64_t>& tails);

} // namespace quaero::storage
