#pragma once

#include "definitions/job_filter.hpp"
#include "storage/job_index.hpp"
#include "storage/store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

/// Walks over ids of jobs in the order of their making, in either direction.
namespace quaero::storage {

/// Ids in one order, each once. Sees the state of the store at its making.
/// Not thread-safe; must not outlive its store.
class id_stream {
public:
  virtual ~id_stream() = default;

  /// Moves to the first id that is `from` or comes behind it; never back.
  virtual void seek(const job_id& from) = 0;
  virtual void next() = 0;          ///< REQUIRES: valid().
  virtual bool valid() const = 0;   ///< False before the first seek().
  virtual job_id id() const = 0;    ///< REQUIRES: valid().
  virtual status state() const = 0; ///< Why it ended, if not at its end.
};
using id_stream_ptr = std::unique_ptr<id_stream>;

/// Jobs of a facet that reached `kind`; pending: all that were made.
id_stream_ptr scan_postings(const store& db, facet about, std::string_view text,
                            job_status kind, list_order order);

/// The children of a job, and the jobs without a parent.
id_stream_ptr scan_children(const store& db, const job_id& parent,
                            list_order order);
id_stream_ptr scan_roots(const store& db, list_order order);

/// Jobs that failed for good for that reason, and were not tried again.
id_stream_ptr scan_dead_letters(const store& db, failure_reason why,
                                list_order order);

/// These ids, which may come in any order and more than once.
id_stream_ptr scan_ids(std::vector<job_id> ids, list_order order);

/// Ids that are in one stream of each group that is wanted and in none of those
/// that are excluded.
class job_scan {
public:
  /// @param after only what comes behind this id; none: from the start.
  job_scan(list_order order, const job_id& after)
    : order_{order}, reached_{after} {}

  /// One group at least. One without a stream has no ids.
  void want(std::vector<id_stream_ptr> any_of);
  void exclude(std::vector<id_stream_ptr> any_of);

  /// Only ids from `lowest` to `highest`; none is no bound.
  void keep_within(const job_id& lowest, const job_id& highest);

  list_order order() const { return order_; }

  enum class outcome : uint8_t { found, end, limit, failed };

  /// Finds the next id.
  /// @param budget how many ids may be looked at; those that were are taken
  ///               off. At 0 the result is limit.
  outcome next(uint64_t& budget, job_id& out);

  /// Everything up to this id has been looked at; none: nothing yet.
  const job_id& reached() const { return reached_; }

  status state() const; ///< Of a `failed`.

private:
  using group = std::vector<id_stream_ptr>;

  bool descending() const { return order_ == list_order::newest_first; }
  bool behind(const job_id& a, const job_id& b) const {
    return descending() ? a < b : a > b;
  }
  /// The first id that was not looked at; false if there can be none.
  bool start(job_id& from) const;
  bool seek(group& x, const job_id& from, job_id& at) const;
  outcome agree(job_id& from, uint64_t& budget);

  list_order order_;
  std::vector<group> wanted_;
  std::vector<group> excluded_;
  job_id first_; ///< In the order; none is no bound.
  job_id last_;
  job_id reached_;
};

/// The newest jobs without a parent that are older than `before` (none: all),
/// at most `limit`, the newest first. Needs the index.
status read_roots(const store& db, const job_id& before, size_t limit,
                  std::vector<job_id>& out);

} // namespace quaero::storage
