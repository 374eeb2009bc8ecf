#pragma once

#include "definitions/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// What a run and its steps leave in their history for a restart: results of
/// events that are no moves, so that the fold leaves them out, or of moves that
/// need a word more.
namespace quaero {

/// Results of the event that holds the decision to stop a run, or a step.
inline constexpr const char* run_stop_failed = R"({"stop":"failed"})";
inline constexpr const char* run_stop_cancelled = R"({"stop":"cancelled"})";

/// The decision to stop, as it is stored.
struct run_stop {
  bool failed = false;    ///< It has failed, however what it holds ends.
  bool cancelled = false; ///< Somebody asked for it.
  std::string why;

  bool decided() const { return failed || cancelled; }
};

/// @returns nothing if `result` is no such decision.
std::optional<run_stop> read_stop_mark(const std::string& result,
                                       const std::string& why);

/// Result of a step that its condition, or that of a step before it, left out.
inline constexpr const char* left_out_by_condition
  = R"({"skipped":"condition"})";

/// Result of a run that is completed although something in it failed.
inline constexpr const char* ended_with_warning = R"({"warning":true})";

/// A run of another definition that a run had made for itself.
struct linked_run {
  bool before = true; ///< Of pre_jobs, else of post_jobs.
  uint32_t index = 0; ///< In that list.
  job_id run;

  bool operator==(const linked_run&) const = default;
};

std::string linked_run_mark(const linked_run& x);
std::optional<linked_run> read_linked_run_mark(const std::string& result);

/// Result of the event that ends an attempt of a step: jobs with a smaller id
/// are of that attempt or of one before it.
std::string attempt_mark(const job_id& first_of_next);
std::optional<job_id> read_attempt_mark(const std::string& result);

} // namespace quaero
