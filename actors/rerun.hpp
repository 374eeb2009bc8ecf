#pragma once

#include "actors/life_messages.hpp"
#include "actors/view_messages.hpp"

#include <caf/error.hpp>

#include <string>
#include <string_view>
#include <vector>

/// How jobs are made of jobs. Plain functions.
namespace quaero {

/// The definition that a run was started with, from its record.
/// @returns false if there is none that can be read.
bool read_snapshot(const queue_job& record, job_definition& out);

/// Replaces values of a configuration. Errors: ec::invalid_argument for what is
/// neither text, number, true nor false.
caf::error override_config(value& config, const value& by);

/// Which steps a rerun keeps: those that completed and depend, directly or
/// not, on no step that runs again. Those run again that did not complete and,
/// unless `from` is "failed", the one of that name.
/// @param steps the step jobs of the old run, in any order.
/// Errors: ec::invalid_argument (no step of that name), ec::wrong_state
/// (nothing has failed).
caf::error plan_kept(const job_definition& definition, const std::string& from,
                     const std::vector<job_view>& steps,
                     std::vector<kept_step>& out);

/// Another job like `x`. Its metadata get `key` with the id of `x`.
new_job job_like(const queue_job& x, std::string_view key);

/// A JSON object with the members of `by`, if it is an object, in the place of
/// its own.
std::string with_values(const std::string& json, const value& by);

/// A JSON object with one member more, or another value of it.
std::string with_member(const std::string& json, std::string_view key,
                        std::string value);

} // namespace quaero
