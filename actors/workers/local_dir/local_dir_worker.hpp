#pragma once

#include "actors/definition_worker.hpp"
#include "actors/runtime.hpp"

/// The worker that turns the files of a folder into documents: the step scans
/// and makes one job for each batch of files, a job reads its batch.
namespace quaero::local_dir {

inline constexpr const char* step_type = "local_dir";
inline constexpr const char* job_type = "local_dir_batch";

class logic : public definition_logic {
public:
  std::vector<std::string> validate(const step& x) override;
  /// Scans; throws with the scan's sentence if there is no such folder, or no
  /// file matches.
  init_result init(const step_context& x) override;
  step_output create(const step_context& x, const init_result& found) override;
};

/// Reads batches of files, one job after the other. A file that cannot be read
/// is counted and named in the log; the job fails if none could be.
/// Blocks on the disk: spawn it detached.
job_worker_actor::behavior_type worker(job_worker_actor::pointer self);

worker_kind kind(const worker_environment& environment);

} // namespace quaero::local_dir
