#pragma once

#include "actors/actors.hpp"
#include "actors/stream_pages.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quaero {

struct reader_config {
  /// > 0; jobs that a filtered list looks at before it stops counting.
  size_t list_scan_max = 100'000;
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
  int64_t reads = 0;

  caf::result<job_view> on_get(const job_id& id);
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
  caf::result<job_definition> on_definition(const std::string& id);
  caf::result<std::vector<job_definition>> on_definitions();
  actor_status on_status() const;

private:
  caf::error view(const job_id& id, job_view& out) const;
  caf::error next_ids(const job_query& query, job_id& after, bool& more,
                      std::vector<job_id>& out) const;
};

/// Answers everything that is read from the database, from what is committed.
/// Blocks on the disk: spawn it detached, as many as shall read at a time.
/// Bounds: a list reads what it answers plus what its offset and filter skip,
/// at most `list_scan_max` jobs; its total is exact up to that. A search looks
/// at the newest documents until its page is full or a limit is reached.
/// Errors: ec::not_found, ec::storage_failed (damaged records are named),
/// ec::limit_reached for a list of documents that would look at too many.
reader_actor::behavior_type
reader(reader_actor::stateful_pointer<reader_state> self, reader_config config,
       std::shared_ptr<const storage::store> db);

} // namespace quaero
