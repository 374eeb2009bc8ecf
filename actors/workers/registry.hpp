#pragma once

#include "actors/runtime.hpp"
#include "actors/workers/crawler/crawl_worker.hpp"

#include <map>
#include <string>

namespace quaero {

struct worker_settings {
  crawler::crawler_settings crawler;
  /// Slots by worker type, where they differ from the kind's own.
  std::map<std::string, uint32_t> slots;
};

/// The worker types that this program has, sorted.
const std::vector<std::string>& registered_types();

/// The type of the jobs that a worker type executes, as the QUEUE knows it.
std::string job_type_of(const std::string& worker_type);

/// The one list of worker kinds.
worker_kinds registered_workers(worker_settings settings);

} // namespace quaero
