#pragma once

#include <chrono>

/// How long a request may take before its sender gives up. None is reached in
/// a healthy daemon: they turn a silent peer into an error.
namespace quaero {

/// A commit, with the disk's worst stall in it.
inline constexpr std::chrono::seconds store_deadline{120};

/// A read, a list over a large run among them.
inline constexpr std::chrono::seconds reader_deadline{60};

/// A definition worker's look at a step, or its making of jobs.
inline constexpr std::chrono::minutes step_deadline{6 * 60};

/// One attempt of a queue job.
inline constexpr std::chrono::minutes attempt_deadline{24 * 60};

/// A cancel: until the last running attempt has noticed.
inline constexpr std::chrono::minutes cancel_deadline{10};

/// Anything that is answered from memory.
inline constexpr std::chrono::seconds answer_deadline{30};

} // namespace quaero
