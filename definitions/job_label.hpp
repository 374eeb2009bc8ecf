#pragma once

#include "definitions/ids.hpp"

#include <string>

namespace quaero {

/// What is said about a job beside its record, which is immutable.
struct job_label {
  std::string name;        ///< Shown instead of the record's; "" is none.
  std::string description; ///< "" is none.
  /// A copy: it waits and nothing but a rerun makes anything of it.
  bool held = false;
  job_id retried_as; ///< The job that was made to try this one again; none.

  bool empty() const { return *this == job_label{}; }
  bool operator==(const job_label&) const = default;
};

} // namespace quaero
