#pragma once

#include "definitions/document.hpp"
#include "definitions/job_state.hpp"
#include "definitions/log_entry.hpp"
#include "definitions/queue_job.hpp"

#include <caf/meta/type_name.hpp>

/// How the words of the runtime travel between nodes: the one list of fields
/// of each. A field that is added goes last and changes the wire format.
namespace quaero {

template <class Inspector>
auto inspect(Inspector& f, job_id& x) {
  return f(caf::meta::type_name("job_id"), x.bytes);
}

template <class Inspector>
auto inspect(Inspector& f, retry_policy& x) {
  return f(caf::meta::type_name("retry_policy"), x.attempts, x.backoff,
           x.backoff_max, x.jitter);
}

template <class Inspector>
auto inspect(Inspector& f, queue_job& x) {
  return f(caf::meta::type_name("queue_job"), x.id, x.parent_id, x.manager_id,
           x.step_id, x.type, x.name, x.queue, x.priority, x.depth,
           x.created_at, x.run_at, x.retry, x.config, x.metadata, x.tags,
           x.unique_key, x.expires_at, x.limit_key, x.timeout);
}

template <class Inspector>
auto inspect(Inspector& f, new_job& x) {
  return f(caf::meta::type_name("new_job"), x.type, x.name, x.config,
           x.metadata, x.queue, x.priority, x.run_at, x.retry, x.tags,
           x.unique_key, x.expires_at, x.limit_key, x.timeout);
}

template <class Inspector>
auto inspect(Inspector& f, child_counts& x) {
  return f(caf::meta::type_name("child_counts"), x.pending, x.running,
           x.completed, x.failed, x.cancelled, x.documents);
}

template <class Inspector>
auto inspect(Inspector& f, job_event& x) {
  return f(caf::meta::type_name("job_event"), x.id, x.status, x.at, x.epoch,
           x.attempt, x.started_at, x.error, x.result_count, x.children,
           x.result, x.reason);
}

template <class Inspector>
auto inspect(Inspector& f, log_line& x) {
  return f(caf::meta::type_name("log_line"), x.job, x.owner, x.manager, x.level,
           x.origin, x.at, x.message);
}

template <class Inspector>
auto inspect(Inspector& f, log_entry& x) {
  return f(caf::meta::type_name("log_entry"), x.line, x.index, x.sequence,
           x.totals);
}

template <class Inspector>
auto inspect(Inspector& f, document& x) {
  return f(caf::meta::type_name("document"), x.id, x.source_type, x.source_id,
           x.title, x.content_markdown, x.detail_level, x.metadata, x.url,
           x.tags, x.jobs, x.content_hash, x.created_at, x.updated_at);
}

} // namespace quaero
