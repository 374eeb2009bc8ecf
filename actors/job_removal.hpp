#pragma once

#include "actors/life_messages.hpp"
#include "actors/view_messages.hpp"
#include "storage/life_tables.hpp"

#include <caf/error.hpp>

#include <memory>
#include <unordered_set>
#include <vector>

namespace quaero {

/// The way of one tree of jobs out of the database, in pieces: first a look at
/// all of it, then children before parents. So whatever piece is the last
/// before a crash, what is left is a tree that can be removed again.
/// Reads from disk: belongs on a thread that may block.
class job_removal {
public:
  /// Jobs that other removals have taken since the last commit.
  using id_set = std::unordered_set<job_id>;

  job_removal(std::shared_ptr<const storage::store> db, const job_id& root);

  const job_id& root() const { return root_; }

  /// Looks at more jobs, at most `jobs`, and takes them off that number. Sets
  /// checked() when all may go.
  /// Errors: ec::not_found, ec::wrong_state (names the job), or the disk's.
  caf::error check(size_t& jobs);
  bool checked() const { return checked_; }

  /// Adds a piece of the removal to `out`, of about `keys` keys at most, and
  /// takes them off that number. Goes on from what is committed: one piece at
  /// a time. REQUIRES: checked().
  caf::error take(size_t& keys, commit& out, id_set& taken);
  bool done() const { return done_; }

  /// What take() has removed so far.
  const removal& removed() const { return removed_; }

private:
  /// A job on the way from the root to where the walk is.
  struct place {
    queue_job job;
    job_status status = job_status::pending;
    failure_reason reason = failure_reason::none;
    std::vector<job_id> page; ///< Children read and not visited.
    size_t next = 0;          ///< Of `page`.
    job_id after;             ///< The last one read.
    bool more = true;         ///< There may be children behind it.
    storage::line_removal lines;
  };

  caf::error enter(const job_id& id);
  caf::error next_child(job_id& out);
  caf::error check_root();
  caf::error check_state(const place& x) const;
  caf::error remove_top(size_t& keys, commit& out, id_set& taken);

  std::shared_ptr<const storage::store> db_;
  job_id root_;
  std::vector<place> path_;
  bool checked_ = false;
  bool begun_ = false; ///< The walk that removes.
  bool done_ = false;
  removal removed_;
};

} // namespace quaero
