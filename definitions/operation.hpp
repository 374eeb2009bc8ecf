#pragma once

#include "definitions/ids.hpp"
#include "definitions/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

/// What an operation does with each job.
enum class operation_action : uint8_t { cancel, retry, remove };

inline constexpr uint8_t operation_action_count = 3;

enum class operation_status : uint8_t {
  running,
  completed, ///< It has been through all of them.
  cancelled, ///< Somebody stopped it; what it had done stays done.
  failed,    ///< It could not go on.
};

inline constexpr uint8_t operation_status_count = 4;

/// "cancel", "retry", "delete".
std::string to_string(operation_action x);
bool from_string(std::string_view text, operation_action& out);
std::string to_string(operation_status x);

/// One job that an operation could not do its work on.
struct operation_error {
  job_id job;
  std::string message;

  bool operator==(const operation_error&) const = default;
};

/// One action on all jobs that match a query and are older than the operation.
struct operation {
  job_id id; ///< Made after the newest job that it may meet.
  operation_action action = operation_action::cancel;
  std::string query; ///< As it was asked for.
  operation_status status = operation_status::running;
  timestamp created_at{};
  timestamp finished_at{}; ///< Zero until it is over.
  uint64_t total = 0;      ///< Jobs that matched when it began.
  bool total_is_exact = true;
  uint64_t done = 0;    ///< Jobs that the action was carried out on.
  uint64_t skipped = 0; ///< Jobs that had nothing to be done.
  uint64_t failed = 0;  ///< Jobs that it could not be carried out on.
  std::vector<operation_error> errors; ///< The first ones of those.
  std::string error;                   ///< Why it could not go on.
  /// The oldest job that it is through with; it goes from new to old.
  job_id position;

  bool operator==(const operation&) const = default;
};

} // namespace quaero
