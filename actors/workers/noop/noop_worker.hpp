#pragma once

#include "actors/definition_worker.hpp"
#include "actors/runtime.hpp"

/// The worker that does nothing: for benchmarks, and to try a definition's
/// shape. Step keys: `count` (1 to 1,000,000, default 1) jobs with `payload`
/// bytes (0 to 65,536, default 0) each.
namespace quaero::noop {

inline constexpr const char* type = "noop";
inline constexpr int64_t count_max = 1'000'000;
inline constexpr int64_t payload_bytes_max = 65'536;
inline constexpr int64_t total_bytes_max = 268'435'456; ///< Of one step.

/// Makes `count` jobs of type "noop".
class logic : public definition_logic {
public:
  std::vector<std::string> validate(const step& x) override;
  init_result init(const step_context& x) override;
  step_output create(const step_context& x, const init_result& found) override;
};

/// Completes every job at once.
block_worker_actor::behavior_type worker(block_worker_actor::pointer self);

worker_kind kind(const worker_environment& environment);

} // namespace quaero::noop
