#pragma once

#include "actors/commit_messages.hpp"
#include "definitions/document.hpp"
#include "definitions/job_definition.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What is answered to those who ask.
namespace quaero {

// -- views: what READER answers -----------------------------------------------

struct job_view {
  queue_job job;
  job_state state;
};

struct job_page {
  std::vector<job_view> jobs;
  uint64_t total = 0;
};

/// Which jobs are wanted: roots, newest first, or children, oldest first.
struct job_query {
  std::optional<job_id> parent;     ///< Absent: roots.
  std::vector<job_status> statuses; ///< Empty: all.
  size_t limit = 50;
  size_t offset = 0;
};

struct log_page {
  std::vector<log_entry> lines; ///< Ascending.
  uint64_t total = 0;           ///< At or above the level asked for.
  uint64_t unfiltered_total = 0;
};

struct document_page {
  std::vector<document> documents;
  uint64_t total = 0;
};

/// What the DOCUMENT STORE made of documents that shall be saved.
struct prepared_documents {
  storage::write_batch ops;
  uint64_t created = 0;
  std::vector<std::string> ids; ///< Source keys, for settling.
};
using prepared_ptr = std::shared_ptr<prepared_documents>;

/// One actor's answer to `status`.
struct actor_status {
  std::string name;
  uint64_t mailbox = 0; ///< Messages that wait.
  std::vector<std::pair<std::string, int64_t>> numbers;
};

class job_context;
using job_context_ptr = std::shared_ptr<job_context>;

} // namespace quaero
