#pragma once

#include "actors/messages.hpp"

#include <vector>

namespace quaero {

/// Where new jobs stand in their run.
struct job_place {
  job_id manager; ///< None outside of a run.
  job_id step;    ///< None outside of a step.
  job_id parent;  ///< None for roots.
};

/// Gives the jobs their identity and encodes their records into `out`, but not
/// those of jobs with a unique key: only the QUEUE knows whether there is one
/// already. Ids ascend in the order of `jobs`, whose contents move away.
std::vector<queue_job> make_jobs(std::vector<new_job>& jobs,
                                 const job_place& place, id_generator& ids,
                                 timestamp now, storage::write_batch& out);

} // namespace quaero
