#pragma once

#include "definitions/ids.hpp"
#include "definitions/time.hpp"

#include <cstdint>
#include <string>

namespace quaero {

/// Why a run was started.
enum class run_trigger : uint8_t {
  api,        ///< Somebody asked for it.
  schedule,   ///< A moment of its schedule had come.
  auto_start, ///< The daemon started.
  pre_job,    ///< Another run waits for it.
  post_job,   ///< Another run was completed.
};

std::string to_string(run_trigger x);

/// What became of a tick: a moment at which a schedule fires.
enum class tick_outcome : uint8_t {
  none,    ///< There was no tick yet.
  started, ///< A run was made.
  skipped, ///< A run of the definition went on.
  waiting, ///< Its run is made when the one that goes on is over.
  failed,  ///< No run could be made of the definition.
};

inline constexpr uint8_t tick_outcome_count = 5;

std::string to_string(tick_outcome x);

/// What a schedule has done.
struct schedule_record {
  timestamp last_tick{}; ///< The newest that was handled; zero: none.
  tick_outcome outcome = tick_outcome::none; ///< What became of it.
  job_id other;        ///< Skipped, waiting: the run that went on, if known.
  std::string error;   ///< Why it failed.
  job_id run;          ///< The newest run that the schedule made, or none.
  timestamp run_for{}; ///< The tick that this run was made for.
  timestamp waiting{}; ///< The tick that waits, or zero.

  bool operator==(const schedule_record&) const = default;
};

} // namespace quaero
