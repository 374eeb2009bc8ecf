#pragma once

#include "definitions/ids.hpp"
#include "definitions/job_state.hpp"
#include "definitions/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaero {

struct job_filter_limits {
  size_t text_bytes_max = 4096;
  size_t terms_max = 32;
  size_t values_max = 50; ///< Behind one key.
};

/// Of the making of jobs.
enum class list_order : uint8_t { newest_first, oldest_first };

/// Which jobs are meant. A job must pass every member that is not empty; of a
/// list it must pass one item.
struct job_filter {
  std::vector<job_status> states;
  std::vector<std::string> types;
  std::vector<std::string> definitions; ///< Of the run that it belongs to.
  std::vector<std::string> queues;
  /// One of each group: its own tags and those of its definition.
  std::vector<std::vector<std::string>> tags;
  std::vector<std::string> names; ///< Part of its name, in any ASCII case.
  /// All of them: each is part of its name, configuration or error.
  std::vector<std::string> texts;
  std::vector<job_id> parents;
  std::vector<job_id> runs; ///< The run, its steps and their jobs.
  std::vector<job_id> ids;
  std::vector<failure_reason> dead; ///< Dead letters only, of these reasons.
  bool roots = false;               ///< Only jobs without a parent.
  timestamp created_before{};       ///< Whole milliseconds; zero is no bound.
  timestamp created_after{};        ///< Whole milliseconds; zero is no bound.

  bool operator==(const job_filter&) const = default;

  /// Whether every job passes.
  bool empty() const { return *this == job_filter{}; }
};

/// Reads a query as people write it; docs/http_api.md has the grammar. What is
/// read is added to `out`, whose terms count as already there.
/// @param now what ages are measured from.
/// @returns false with a sentence that names the term and where it begins;
///          then `out` is not to be used.
bool parse_job_filter(std::string_view text, timestamp now, job_filter& out,
                      std::string& error, const job_filter_limits& limits = {});

/// The query in one spelling, with times instead of ages: filters whose texts
/// are equal mean the same, and parse_job_filter() reads it back.
std::string to_string(const job_filter& x);

/// Whether `part` is somewhere in `text`, in any ASCII case.
bool contains_any_case(std::string_view text, std::string_view part);

} // namespace quaero
