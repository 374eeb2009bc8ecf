#pragma once

#include "definitions/document.hpp"
#include "definitions/job_definition.hpp"
#include "definitions/job_state.hpp"
#include "definitions/log_entry.hpp"
#include "definitions/queue_job.hpp"
#include "definitions/queue_settings.hpp"
#include "storage/store.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The tables of the database: how each record is written and found. Keys and
/// records are described in docs/storage_format.md. Functions that take a
/// `write_batch` only encode. Functions that take a `store` read from disk and
/// belong on a thread that may block.
namespace quaero::storage {

// -- meta: one record each ----------------------------------------------------

/// Counts the starts of the daemon: returns the number of this one, from 1,
/// and stores it, synced.
status next_boot(store& db, uint64_t& boot);

/// Totals of all jobs by state (index: job_status) and of documents; part of
/// the batch that changes them.
struct totals {
  uint64_t jobs[job_status_count] = {};
  uint64_t roots = 0; ///< Jobs without a parent.
  uint64_t documents = 0;
  uint64_t log_sequence = 0; ///< Of the newest line.
  bool operator==(const totals&) const = default;
};
void put_totals(write_batch& out, const totals& x);
status read_totals(const store& db, totals& out); ///< Zero if there are none.

/// The greatest id of a job or an operation; none if there is neither.
status read_last_id(const store& db, job_id& out);

// -- definitions --------------------------------------------------------------

void put_definition(write_batch& out, const job_definition& x);
void remove_definition(write_batch& out, std::string_view id);
status read_definition(const store& db, std::string_view id,
                       job_definition& out);
status read_definitions(const store& db, std::vector<job_definition>& out);

// -- jobs: the immutable records, and the index parent -> child ---------------

/// Adds the record and, if it has a parent, the index entry.
void put_job(write_batch& out, const queue_job& x);
status read_job(const store& db, const job_id& id, queue_job& out);

/// Whether a record of that id is there.
bool has_job(const store& db, const job_id& id);

/// Ids of the children of `parent`, oldest first, after `after` (none: from
/// the first), at most `limit`.
status read_children(const store& db, const job_id& parent, const job_id& after,
                     size_t limit, std::vector<job_id>& out);

// -- events: the history of a job ---------------------------------------------

/// Adds an event. `n` tells the events of one job apart and orders them.
void put_event(write_batch& out, uint32_t n, const job_event& x);
/// @param next if given: a number above those of all events.
status read_events(const store& db, const job_id& id,
                   std::vector<job_event>& out, uint32_t* next = nullptr);

// -- active runs: manager jobs that are not terminal --------------------------

void put_active(write_batch& out, const job_id& manager);
void remove_active(write_batch& out, const job_id& manager);
status read_active(const store& db, std::vector<job_id>& out);

// -- queue: one entry per job that waits or runs ------------------------------

/// Lanes 0 to 9 hold ready jobs of that priority; the last holds the delayed
/// ones, so that a job for next month does not hold the head of a lane back.
inline constexpr uint8_t delayed_lane = 10;
inline constexpr uint8_t lane_count = 11;

/// Where a job stands in the queue. `sequence` is ascending for the whole
/// daemon; a job that is tried again gets a new one.
struct queue_key {
  uint8_t lane = 4;
  uint64_t sequence = 0;
  auto operator<=>(const queue_key&) const = default;
};

struct queue_entry {
  queue_key key;
  job_id id;
  job_id step_id;    ///< None outside of a step.
  job_id manager_id; ///< None outside of a run.
  std::string type;
  std::string queue;
  uint8_t priority = 4;   ///< Differs from the lane for a delayed job.
  timestamp run_at{};     ///< Not before; zero is at once.
  uint32_t attempt = 0;   ///< Attempts that have failed.
  std::string unique_key; ///< Freed with the entry.
  timestamp expires_at{}; ///< Zero is never.
  std::vector<std::string> tags = {};
  std::string limit_key = {};
  uint32_t deaths = 0;    ///< Workers that ended while they had the job.
  uint32_t uncounted = 0; ///< Attempts that its retry policy does not count.
  bool snoozed = false;   ///< `run_at` is its worker's wish.
  bool operator==(const queue_entry&) const = default;
};

void put_queue_entry(write_batch& out, const queue_entry& x);
void remove_queue_entry(write_batch& out, const queue_key& key);

/// A lower bound of the live sequences of a lane: no entry lies before.
void put_queue_head(write_batch& out, const queue_key& head);

/// The stored heads by lane; 0 where there is none.
status read_queue_heads(const store& db, std::array<uint64_t, lane_count>& out);

/// Calls `f` for each entry, by lane and sequence. Starts behind the
/// stored heads, never on a consumed range.
status read_queue(const store& db, const std::function<void(queue_entry&&)>& f);

// -- named queues: what a user has said about them ----------------------------

void put_queue_settings(write_batch& out, std::string_view name,
                        const queue_settings& x);
void remove_queue_settings(write_batch& out, std::string_view name);
/// Slots of each pool of a worker type, as a user has said.
void put_type_slots(write_batch& out, std::string_view type, uint32_t slots);
void remove_type_slots(write_batch& out, std::string_view type);
status read_type_slots(const store& db,
                       std::vector<std::pair<std::string, uint32_t>>& out);

/// How many jobs a node runs at once, as somebody wants it.
void put_node_limit(write_batch& out, std::string_view node, uint64_t limit);
void remove_node_limit(write_batch& out, std::string_view node);
status read_node_limits(const store& db,
                        std::vector<std::pair<std::string, uint64_t>>& out);

status
read_queue_settings(const store& db,
                    std::vector<std::pair<std::string, queue_settings>>& out);

// -- log lines ----------------------------------------------------------------

/// Adds the line to its owner's log and the index job -> line.
void put_log_entry(write_batch& out, const log_entry& x);

/// The newest entry of an owner's log; nothing if the log is empty.
status read_last_log_entry(const store& db, const job_id& owner,
                           std::optional<log_entry>& out);

/// What part of a log is wanted. Lines of `level` and above.
struct log_query {
  log_level level = log_level::info;
  size_t limit = 100;
  bool newest = true;  ///< The newest `limit` lines, else the oldest.
  uint64_t after = 0;  ///< Only with a greater index (owner's log).
  uint64_t before = 0; ///< Only with a smaller index; 0 is no bound.
};

/// Lines of one owner's log, ascending whatever `newest` says. Reads the lines
/// it returns and, with a level, those in between; none beyond the last match.
status read_log(const store& db, const job_id& owner, const log_query& query,
                std::vector<log_entry>& out);

/// Lines of one job, ascending, of whatever log they are in. Walks the index
/// of the job's lines; reads the lines it returns.
status read_job_log(const store& db, const job_id& job, const log_query& query,
                    std::vector<log_entry>& out);

// -- documents ----------------------------------------------------------------

/// Adds or replaces the document and its index entries. `old` is what is there
/// under the same id, or nullptr.
void put_document(write_batch& out, const document& x, const document* old);
void remove_document(write_batch& out, const document& x);
status read_document(const store& db, std::string_view id, document& out);

/// The id of the document of that source, or not_found.
status read_document_id(const store& db, std::string_view source_type,
                        std::string_view source_id, std::string& id);

struct document_query {
  std::string source_type;       ///< "" is any.
  std::string job_id;            ///< Of a run, "" is any.
  std::vector<std::string> tags; ///< All of them, any case.
  size_t limit = 20;
  size_t offset = 0;
  bool by_creation = false; ///< Else by the last update.
  bool ascending = false;
  timestamp created_after{};  ///< Exclusive; zero is no bound.
  timestamp created_before{}; ///< Exclusive; zero is no bound.

  /// Whether the index alone does not answer it.
  bool needs_sorting() const {
    return by_creation || ascending || created_after != timestamp{}
           || created_before != timestamp{};
  }
};

/// Documents, the last updated first, and how many match in all. Without a
/// filter the total is the stored one (put_totals) and only `offset` + `limit`
/// index keys are walked. With filters `total` is counted: one index key per
/// match of the narrowest filter and filter.
/// A query that needs sorting reads every document that the other filters let
/// through, `scan_max` of them at most; if there are more, `complete` is false
/// and the rest of the answer means nothing.
status read_documents(const store& db, const document_query& query,
                      std::vector<document>& out, uint64_t& total);
status sort_documents(const store& db, const document_query& query,
                      size_t scan_max, std::vector<document>& out,
                      uint64_t& total, bool& complete);

/// Calls `f` for each document, the last updated first, with the bytes of its
/// record, until it returns false.
status visit_documents(const store& db,
                       const std::function<bool(document&&, size_t)>& f);

/// Ids of documents in the order of their ids, after `after`.
status read_document_ids(const store& db, std::string_view after, size_t limit,
                         std::vector<std::string>& out);

/// How many documents each source type has, and the last update of all. Walks
/// one index key for each document.
struct document_counts {
  std::vector<std::pair<std::string, uint64_t>> by_source;
  timestamp last_updated{};
};
status count_documents(const store& db, document_counts& out);

/// Every tag once, in lower case, sorted, at most `limit`.
status read_document_tags(const store& db, size_t limit,
                          std::vector<std::string>& out);

} // namespace quaero::storage
