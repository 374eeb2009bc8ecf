#pragma once

#include "definitions/job_definition.hpp"
#include "definitions/retention.hpp"
#include "storage/job_scan.hpp"
#include "storage/store.hpp"

#include <caf/error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quaero {

/// One limit and the trees (runs and single jobs) that it is for: those that
/// ended in `state`.
struct retention_rule {
  job_status state = job_status::completed;
  retention_limit limit;
  std::string definition; ///< Of its runs; "": of all others, and single jobs.
  /// With "": definitions that have a rule of their own for this state.
  std::vector<std::string> others = {};

  bool operator==(const retention_rule&) const = default;
};

/// What the settings and the definitions say, as far as it limits something.
std::vector<retention_rule>
retention_rules(const retention_limits& all,
                const std::vector<job_definition>& definitions);

/// Finds the trees that one rule does not let stay, the oldest first, a piece
/// at a time. The newest are those that were made last.
/// Reads from disk: belongs on a thread that may block.
class retention_walk {
public:
  retention_walk(std::shared_ptr<const storage::store> db, retention_rule rule,
                 timestamp now);
  ~retention_walk();

  /// Adds trees that are due, at most `trees`, and looks at no more ids than
  /// `looks`, which are taken off that number.
  caf::error next(size_t trees, uint64_t& looks, std::vector<job_id>& out);

  /// Nothing more is due.
  bool done() const { return done_; }

private:
  /// The scan of this piece; made anew for each, so that no old state of the
  /// database is kept.
  storage::job_scan scan(list_order order, const job_id& after) const;
  caf::error begin();
  caf::error find_boundary(uint64_t& looks);
  caf::error is_old(const job_id& id, bool& out) const;

  std::shared_ptr<const storage::store> db_;
  retention_rule rule_;
  timestamp ended_before_{};
  bool begun_ = false;
  bool done_ = false;
  bool bounded_ = false; ///< `boundary_` is what it shall be.
  uint64_t newer_ = 0;   ///< Trees found that are newer than the boundary.
  job_id boundary_;      ///< This one and all older ones are too many; none.
  job_id after_;         ///< Looked at up to here.
};

} // namespace quaero
