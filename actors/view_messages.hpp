#pragma once

#include "actors/commit_messages.hpp"
#include "definitions/document.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/job_filter.hpp"
#include "definitions/job_label.hpp"
#include "storage/answer_table.hpp"

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
  job_label label;

  /// The name that people gave it, else its own.
  const std::string& name() const {
    return label.name.empty() ? job.name : label.name;
  }
};

/// Why the job is a dead letter; none if it is none, or was tried again.
inline failure_reason dead_reason(const job_view& x) {
  return x.label.retried_as ? failure_reason::none : x.state.reason;
}

struct job_page {
  std::vector<job_view> jobs;
  /// Of the whole list where counts are stored, else from `after` on.
  uint64_t total = 0;
  /// False: at least `total`, counting has stopped at a limit.
  bool total_is_exact = true;
  /// Where the next page begins (job_query::after); none behind the last one.
  /// A page may be short, even empty, and not be the last: matches are rare.
  job_id next;
  size_t offset_left = 0; ///< Of the offset, for the next page.
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

// -- streams ------------------------------------------------------------------

/// An event or a line, with its number.
struct stream_entry {
  uint64_t sequence = 0;
  bool is_line = false;
  log_entry line; ///< Only if it is one; else the two below.
  job_event event;
  event_place place;
};

/// The newest lines of a run, as a viewer begins with them.
struct stream_tail {
  job_id owner; ///< Only of this log; none: of all.
  job_id job;   ///< Only said by this job; none: by anyone.
  log_level level = log_level::info;
  size_t lines = 100;
};

/// What part of a stream is wanted.
struct stream_query {
  job_id run; ///< None: the daemon's stream of events.
  /// Only what has a greater number; UINT64_MAX: nothing but where it ends.
  uint64_t after = 0;
  size_t entries_max = 1000;       ///< > 0
  std::optional<stream_tail> tail; ///< Instead of what is after `after`.
};

/// A part of a stream, ascending.
struct stream_page {
  std::vector<stream_entry> entries;
  uint64_t next = 0;   ///< The number to go on after.
  uint64_t last = 0;   ///< Of the stream's newest entry when it was read.
  uint64_t oldest = 1; ///< Of the oldest entry that is kept.
  uint64_t total = 0;  ///< Of a tail: lines that match.
  bool more = false;   ///< Of a tail: there are older ones.
};
using stream_page_ptr = std::shared_ptr<const stream_page>;

/// What the EVENT HUB remembers.
struct recent_blocks {
  std::vector<event_block_ptr> blocks;
  uint64_t first = 0;  ///< Number of the first of them, if they were asked for.
  uint64_t newest = 0; ///< Number of the newest block there is.
  /// Nothing is missing between what was asked for and the first of `blocks`.
  bool complete = true;
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

/// What is known of a request that came with a key of the client's.
struct request_claim {
  enum class verdict : uint8_t {
    fresh,     ///< Nobody sent it before. The claim is the asker's now.
    kept,      ///< It was answered: `status` and `body`.
    in_flight, ///< It is being carried out.
    different, ///< The key belongs to another request.
  };
  verdict is = verdict::fresh;
  uint16_t status = 0;
  std::string body;
};

using kept_answer_ptr = std::shared_ptr<storage::kept_answer>;

class job_context;
using job_context_ptr = std::shared_ptr<job_context>;

} // namespace quaero
