#pragma once

#include "actors/queue_messages.hpp"
#include "definitions/secrets.hpp"

/// What work leaves behind, without the secrets that it was given.
namespace quaero {

/// The job's configuration keeps sealed references; all else says `{key}`.
void conceal(const secrets& given, new_job& x);

void conceal(const secrets& given, document& x);
void conceal(const secrets& given, job_outcome& x);

} // namespace quaero
