#pragma once

#include "actors/commit_messages.hpp"
#include "definitions/document.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/job_filter.hpp"

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
  uint64_t total = 0; ///< Of the whole list, wherever the page begins.
  /// False: at least `total`, counting has stopped at a limit.
  bool total_is_exact = true;
  /// Where the next page begins (job_query::after); none behind the last one.
  /// A page may be short, even empty, and not be the last: matches are rare.
  job_id next;
};

/// What a list says about how many jobs match.
enum class count_mode : uint8_t {
  bounded, ///< The true number, or that it is above a limit.
  none,    ///< Nothing: `total` is 0 and not exact.
};

/// Which jobs are wanted, in the order of their making.
struct job_query {
  job_filter filter; ///< Empty: all jobs of all levels.
  list_order order = list_order::newest_first;
  job_id after; ///< Only what comes behind this id; none: from the start.
  size_t limit = 50;
  size_t offset = 0; ///< Matches left out behind `after`.
  count_mode count = count_mode::bounded;
};

/// The children of `parent`, oldest first, not counted.
inline job_query children_of(const job_id& parent, size_t limit) {
  job_query out;
  out.filter.parents = {parent};
  out.order = list_order::oldest_first;
  out.limit = limit;
  out.count = count_mode::none;
  return out;
}

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
  std::vector<actor_status> below = {}; ///< Where it was asked for.
  uint64_t omitted = 0;                 ///< Actors below it that are not shown.
};

class job_context;
using job_context_ptr = std::shared_ptr<job_context>;

} // namespace quaero
