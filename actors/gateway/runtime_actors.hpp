#pragma once

#include "actors/gateway/gateway.hpp"
#include "actors/runtime.hpp"

namespace quaero {

/// Whom a gateway asks that stands before this runtime.
inline gateway_actors gateway_actors_of(const runtime& x) {
  gateway_actors out;
  out.dispatcher = x.dispatcher;
  out.job_manager = x.jobs;
  out.step_manager = x.steps;
  out.queue = x.queue;
  out.reader = x.readers.front();
  out.log_collector = x.collector;
  out.document_store = x.documents;
  out.searcher = x.searcher();
  out.key_store = x.pairs;
  out.credential_store = x.credentials;
  out.catalog = x.catalog;
  out.hub = x.hub;
  out.tokens = x.tokens;
  out.audit = x.audit;
  out.census = x.census;
  out.store = x.store;
  out.answers = x.answers;
  out.operations = x.operations;
  out.scheduler = x.scheduler;
  out.retention = x.retention;
  out.compactor = x.compactor;
  return out;
}

} // namespace quaero
