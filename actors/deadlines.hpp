#pragma once

#include <caf/duration.hpp>

#include <chrono>
#include <cstddef>

/// How long a request between actors may take before its sender gives up.
///
/// Inside the process most have no limit, on purpose. An actor that has ended
/// answers at once with an error, and the daemon ends with its long-lived ones.
/// A limit would turn a slow disk into a doubt: what was given up as not stored
/// is stored a moment later. And CAF 0.17 keeps the timer of an answered
/// request until it is due, so a limit on a hot path costs memory.
namespace quaero {

/// A commit, an enqueue, the documents of a commit.
inline constexpr caf::infinite_t store_deadline = caf::infinite;

/// A read for the runtime's own use: records to dispatch, all that was going
/// on.
inline constexpr caf::infinite_t reader_deadline = caf::infinite;

/// A definition worker's look at a step, or its making of jobs.
inline constexpr caf::infinite_t step_deadline = caf::infinite;

/// One attempt of a queue job: a live worker's job is not taken away.
inline constexpr caf::infinite_t attempt_deadline = caf::infinite;

/// A cancel: until the last running attempt has noticed.
inline constexpr caf::infinite_t cancel_deadline = caf::infinite;

/// How an actor is: one that hangs is left out.
inline constexpr std::chrono::seconds status_deadline{2};

/// Actors below another one that are asked how they are, at most.
inline constexpr size_t status_below_max = 100;

/// Somebody waits for an answer that comes from memory.
inline constexpr std::chrono::seconds answer_deadline{30};

} // namespace quaero
