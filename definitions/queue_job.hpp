#pragma once

#include "definitions/ids.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// When a reply may say that something is stored.
enum class durability : uint8_t {
  group,    ///< After an fsync that is shared with others: survives power loss.
  buffered, ///< After the write: survives the daemon, not the machine.
  each,     ///< After an fsync of its own.
};

std::string to_string(durability x);
bool from_string(std::string_view text, durability& out);

/// That of the two which promises more.
durability stronger(durability a, durability b);

/// Types of the jobs that the runtime itself makes.
inline constexpr std::string_view manager_job_type = "manager";
inline constexpr std::string_view step_job_type = "step";

inline constexpr uint8_t priority_max = 9;

/// Work to be done. Immutable once it is stored: what happens to it is in its
/// events. A run is a tree of these: one manager job, its step jobs, and under
/// each step the jobs that workers execute, flat.
struct queue_job {
  job_id id;
  job_id parent_id;  ///< None for a root.
  job_id manager_id; ///< The run; equals `id` for the manager job itself.
  job_id step_id;    ///< The step job; none outside of a step.
  std::string type;  ///< "manager", "step", or what a worker executes.
  std::string name;
  std::string queue = "default";
  uint8_t priority = 4; ///< 0 (first) to 9 (last).
  uint16_t depth = 0;   ///< In the tree: manager 0, step 1, work 2.
  timestamp created_at{};
  timestamp run_at{}; ///< Not before; zero is at once.
  retry_policy retry;
  std::string config = "{}";   ///< JSON object.
  std::string metadata = "{}"; ///< JSON object.
  std::vector<std::string> tags;
  /// While a job with this key is not terminal, no other one gets it; "": none.
  std::string unique_key;
  timestamp expires_at{}; ///< Not started afterwards; zero is never.
  /// Jobs with this key share a limit, such as those of one host; "": none.
  std::string limit_key;
  std::chrono::milliseconds timeout{}; ///< Of an attempt; zero is none.

  bool operator==(const queue_job&) const = default;
};

/// A job that somebody wants made. The runtime adds ids, time and context.
struct new_job {
  std::string type;
  std::string name;
  std::string config = "{}";   ///< JSON object.
  std::string metadata = "{}"; ///< JSON object.
  std::string queue = "default";
  uint8_t priority = 4;
  timestamp run_at{};
  retry_policy retry;
  std::vector<std::string> tags;
  std::string unique_key;              ///< "" is none.
  timestamp expires_at{};              ///< Zero is never.
  std::string limit_key;               ///< "" is none.
  std::chrono::milliseconds timeout{}; ///< Of an attempt; zero is none.
};

} // namespace quaero
