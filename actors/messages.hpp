#pragma once

#include "actors/commit_messages.hpp"
#include "actors/queue_messages.hpp"
#include "actors/run_messages.hpp"
#include "actors/view_messages.hpp"
#include "definitions/error.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include <string>
#include <vector>

/// Which types are messages: those that travel between nodes, with their ids,
/// and those that never leave the process.
// Append only: an id is wire format once two nodes talk.
CAF_BEGIN_TYPE_ID_BLOCK(quaero_types, caf::first_custom_type_id)

  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_id))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::durability))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_status))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_event))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::child_counts))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::queue_job))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::new_job))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::log_line))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::log_entry))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::document))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::leased_job))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_block))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_outcome))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::job_report))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::report_block))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::id_list))
  CAF_ADD_TYPE_ID(quaero_types, (quaero::step_delta))
  CAF_ADD_TYPE_ID(quaero_types, (std::vector<std::string>))
  CAF_ADD_TYPE_ID(quaero_types, (std::vector<quaero::document>))
  CAF_ADD_TYPE_ID(quaero_types, (std::vector<quaero::job_outcome>))

  // CAF 0.17: an atom's text has at most 10 characters.
  CAF_ADD_ATOM(quaero_types, quaero::atom, assign, "assign")
  CAF_ADD_ATOM(quaero_types, quaero::atom, attach, "attach")
  CAF_ADD_ATOM(quaero_types, quaero::atom, cancel, "cancel")
  CAF_ADD_ATOM(quaero_types, quaero::atom, commit, "commit")
  CAF_ADD_ATOM(quaero_types, quaero::atom, count, "count")
  CAF_ADD_ATOM(quaero_types, quaero::atom, create, "create")
  CAF_ADD_ATOM(quaero_types, quaero::atom, documents, "documents")
  CAF_ADD_ATOM(quaero_types, quaero::atom, done, "done")
  CAF_ADD_ATOM(quaero_types, quaero::atom, drain, "drain")
  CAF_ADD_ATOM(quaero_types, quaero::atom, enqueue, "enqueue")
  CAF_ADD_ATOM(quaero_types, quaero::atom, exceeded, "exceeded")
  CAF_ADD_ATOM(quaero_types, quaero::atom, execute, "execute")
  CAF_ADD_ATOM(quaero_types, quaero::atom, flush, "flush")
  CAF_ADD_ATOM(quaero_types, quaero::atom, forget, "forget")
  CAF_ADD_ATOM(quaero_types, quaero::atom, get, "get")
  CAF_ADD_ATOM(quaero_types, quaero::atom, init, "init")
  CAF_ADD_ATOM(quaero_types, quaero::atom, list, "list")
  CAF_ADD_ATOM(quaero_types, quaero::atom, load, "load")
  CAF_ADD_ATOM(quaero_types, quaero::atom, log, "log")
  CAF_ADD_ATOM(quaero_types, quaero::atom, prepare, "prepare")
  CAF_ADD_ATOM(quaero_types, quaero::atom, progress, "progress")
  CAF_ADD_ATOM(quaero_types, quaero::atom, publish, "publish")
  CAF_ADD_ATOM(quaero_types, quaero::atom, put, "put")
  CAF_ADD_ATOM(quaero_types, quaero::atom, recover, "recover")
  CAF_ADD_ATOM(quaero_types, quaero::atom, remove, "remove")
  CAF_ADD_ATOM(quaero_types, quaero::atom, report, "report")
  CAF_ADD_ATOM(quaero_types, quaero::atom, retry, "retry")
  CAF_ADD_ATOM(quaero_types, quaero::atom, sealed, "sealed")
  CAF_ADD_ATOM(quaero_types, quaero::atom, settle, "settle")
  CAF_ADD_ATOM(quaero_types, quaero::atom, start, "start")
  CAF_ADD_ATOM(quaero_types, quaero::atom, stats, "stats")
  CAF_ADD_ATOM(quaero_types, quaero::atom, status, "status")
  CAF_ADD_ATOM(quaero_types, quaero::atom, submit, "submit")
  CAF_ADD_ATOM(quaero_types, quaero::atom, subscribe, "subscribe")
  CAF_ADD_ATOM(quaero_types, quaero::atom, timeout, "timeout")
  CAF_ADD_ATOM(quaero_types, quaero::atom, validate, "validate")
  CAF_ADD_ATOM(quaero_types, quaero::atom, visit, "visit")
  CAF_ADD_ATOM(quaero_types, quaero::atom, wake, "wake")
  CAF_ADD_ATOM(quaero_types, quaero::atom, watch, "watch")

CAF_END_TYPE_ID_BLOCK(quaero_types)

// Messages between actors of one process. They hold batches, handles or trees
// and never travel. Nothing that a type above holds may stand here: CAF would
// leave it out of that type's bytes without a word.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::commit_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::enqueue_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::event_block_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::recovery_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::prepared_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_context_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::run_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::run_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::run_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_context)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::init_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_definition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::job_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::log_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::document_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::storage::log_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::storage::document_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::storage::totals)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::actor_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quaero::queue_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::loaded_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::job_definition>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::job_view>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<quaero::actor_status>)
