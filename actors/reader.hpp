#pragma once

#include "actors/actors.hpp"
#include "actors/stream_pages.hpp"
#include "storage/job_search.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct reader_config {
  /// > 0; records that one page of a list may read.
  size_t list_scan_max = 20'000;
  /// > 0; ids in the index that one page may look at.
  uint64_t list_ids_max = 1'000'000;
  /// Ids and records looked at to count what no count is stored of.
  uint64_t count_ids_max = 100'000;
  uint64_t count_reads_max = 1000;
  storage::job_search_config search;
  /// > 0; documents that a sorted list, or one of a span of time, looks at.
  size_t document_scan_max = 100'000;
  size_t document_tags_max = 10'000;             ///< > 0; in the list of tags.
  size_t document_sample_max = 10'000;           ///< > 0; for the average size.
  size_t search_documents_max = 20'000;          ///< > 0; one search looks at.
  size_t search_bytes_max = 64u * 1024u * 1024u; ///< > 0; of their records.
  stream_page_limits streams;
};

/// Reads; holds nothing.
struct reader_state {
  static constexpr const char* name = "reader";

  explicit reader_state(reader_actor::pointer ptr) : self{ptr} {}

  reader_actor::pointer self;
  reader_config config;
  std::shared_ptr<const storage::store> db;
  log_collector_actor collector; ///< Knows what runs; may be absent.
  int64_t reads = 0;

  caf::result<job_view> on_get(const job_id& id);
  caf::result<std::vector<job_view>> on_get_all(const id_list& x);
  caf::result<job_page> on_list(const job_query& query);
  caf::result<log_page> on_log(const job_id& owner,
                               const storage::log_query& query);
  caf::result<log_page> on_job_log(const job_id& job,
                                   const storage::log_query& query);
  caf::result<stream_page_ptr> on_events(const stream_query& query);
  caf::result<document_page> on_documents(const storage::document_query& query);
  caf::result<document> on_document(const std::string& id);
  caf::result<document_statistics> on_document_statistics();
  caf::result<std::vector<std::string>> on_document_tags();
  caf::result<search_page> on_search(const search_request& x);
  caf::result<std::vector<loaded_job>> on_load(const id_list& ids);
  caf::result<std::vector<job_view>> on_visit(const job_id& parent);
  caf::result<recovery_ptr> on_recover();
  caf::result<std::vector<operation>> on_operations();
  caf::result<job_definition> on_definition(const std::string& id);
  caf::result<std::vector<job_definition>> on_definitions();
  actor_status on_status() const;

  caf::error view(const job_id& id, job_view& out) const;
  caf::result<job_page> list(const job_query& query,
                             const std::vector<job_id>& running) const;
};

/// Answers everything that is read from the database, from what is committed.
/// Blocks on the disk: spawn it detached, as many as shall read at a time.
/// Bounds: a list reads the records it answers and those that names, texts and
/// states of jobs that wait or run make it look at, and ids in the index; both
/// up to a limit, where it stops and says where to go on. Its total is exact
/// where counts are stored, else up to a limit.
/// A search looks at the newest documents until its page is full or a limit is
/// reached.
/// Errors: ec::not_found, ec::storage_failed (damaged records are named),
/// ec::limit_reached for a list of documents that would look at too many.
reader_actor::behavior_type
reader(reader_actor::stateful_pointer<reader_state> self, reader_config config,
       std::shared_ptr<const storage::store> db, log_collector_actor collector);

} // namespace quaero
