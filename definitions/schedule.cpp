#include "definitions/schedule.hpp"

namespace quaero {

std::string to_string(run_trigger x) {
  switch (x) {
    case run_trigger::api:
      return "api";
    case run_trigger::schedule:
      return "schedule";
    case run_trigger::auto_start:
      return "auto_start";
    case run_trigger::pre_job:
      return "pre_job";
    case run_trigger::post_job:
      return "post_job";
  }
  return "unknown";
}

std::string to_string(tick_outcome x) {
  switch (x) {
    case tick_outcome::none:
      return "none";
    case tick_outcome::started:
      return "started";
    case tick_outcome::skipped:
      return "skipped";
    case tick_outcome::waiting:
      return "waiting";
    case tick_outcome::failed:
      return "failed";
  }
  return "unknown";
}

} // namespace quaero
