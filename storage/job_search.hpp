#pragma once

#include "definitions/job_filter.hpp"
#include "storage/job_scan.hpp"
#include "storage/tables.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// From what somebody asks for to the index: which streams, which counts.
namespace quaero::storage {

struct job_search_config {
  /// Jobs that wait or run which are read to find those of a list; of more,
  /// the index finds them as made and not ended.
  size_t live_read_max = 20'000;
};

/// What the index does not say of the jobs that a scan finds.
struct job_checks {
  bool state = false; ///< Some may be in another state.
  bool queue = false; ///< Some may be in another queue.
  bool text = false;  ///< Names and texts are in records only.

  bool any() const { return state || queue || text; }
};

/// Makes `scan` find every job that passes `filter`, and others only as far as
/// `checks` says.
/// @param running all jobs that run; needed if the filter asks for them.
status plan_job_scan(const store& db, const job_filter& filter,
                     const std::vector<job_id>& running,
                     const job_search_config& config, job_scan& scan,
                     job_checks& checks);

/// How many jobs pass, if counts say so: for states and at most one of roots,
/// types, definitions, queues and a tag, and nothing else.
status count_jobs(const store& db, const job_filter& filter,
                  std::optional<uint64_t>& out);

/// Whether a job passes what `checks` says is open.
bool passes(const job_filter& filter, const job_checks& checks,
            const queue_job& job, const job_state& state);

} // namespace quaero::storage
