#include "definitions/explanation.hpp"

namespace quaero {

std::string to_string(job_reason x) {
  static constexpr const char* names[job_reason_count]
    = {"running",
       "finished",
       "expired",
       "being_stored",
       "being_assigned",
       "queue_paused",
       "queue_limit",
       "no_worker",
       "no_free_slot",
       "behind_others",
       "delayed_until",
       "retry_at",
       "waiting_for_steps",
       "waiting_for_children",
       "cancelling",
       "daemon_starting",
       "daemon_draining",
       "unreadable",
       "held",
       "key_limit",
       "rate_limit",
       "snoozed_until",
       "quarantined",
       "suspected",
       "waiting_for_run",
       "node_limit"};
  return names[static_cast<size_t>(x)];
}

} // namespace quaero
