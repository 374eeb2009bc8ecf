#pragma once

#include "definitions/job_state.hpp"
#include "definitions/queue_job.hpp"
#include "storage/store.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

/// What somebody wants queued, and what he gets.
namespace quaero {

/// The jobs that somebody has now, in the order in which he wanted them.
struct enqueued {
  std::vector<job_id> ids;
  /// Positions of those that were there already: the unique key was taken.
  std::vector<uint32_t> existing;
};

/// Adds to the commit of what somebody wanted, when it is known what he gets.
/// Called in an actor: it must not block.
using enqueue_hook
  = std::function<void(storage::write_batch&, const enqueued&)>;

/// Jobs of their own that somebody outside wants.
struct enqueue_order {
  std::vector<new_job> jobs;
  durability level = durability::group;
  enqueue_hook also; ///< May be empty.
};
using enqueue_order_ptr = std::shared_ptr<enqueue_order>;

/// Jobs with their identity, ready to be stored and queued.
struct enqueue_request {
  std::vector<queue_job> jobs;
  storage::write_batch ops; ///< See make_jobs(), and more.
  /// A dead letter that the first of `jobs` is another try of, and why it was
  /// one; none: no such job.
  job_id raised;
  failure_reason reason = failure_reason::none;
  durability level = durability::group;
  enqueue_hook also; ///< May be empty.
  // Filled by the QUEUE. Read them after its answer only.
  enqueued made;
  caf::error refused; ///< Of one in a block: nothing of it was taken.
};
using enqueue_ptr = std::shared_ptr<enqueue_request>;

/// Requests that came at the same time. Each is taken or refused as if alone.
struct enqueue_block {
  std::vector<enqueue_ptr> requests;
};

} // namespace quaero
