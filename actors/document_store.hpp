#pragma once

#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <unordered_map>

namespace quaero {

/// Knows which document a source has, also while its commit is under way.
struct document_store_state {
  static constexpr const char* name = "document-store";

  explicit document_store_state(document_store_actor::pointer ptr)
    : self{ptr} {}

  /// A version that is being committed.
  struct in_flight {
    document newest;
    uint32_t commits = 0;
  };

  document_store_actor::pointer self;
  std::shared_ptr<const storage::store> db;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::unordered_map<std::string, in_flight> pending; ///< By source key.

  caf::result<prepared_ptr> on_prepare(std::vector<document>& documents,
                                       const job_id& manager);
  void on_settle(const prepared_documents& done);
  caf::error prepare_one(document& x, const job_id& manager,
                         prepared_documents& out);
  caf::error find(const std::string& key, const document& x, bool& found,
                  document& old) const;
  actor_status on_status() const;
};

/// Decides what a document becomes when it is saved: one per (source_type,
/// source_id). Saving it again keeps its id, creation time and runs, and a
/// stub (detail_level "metadata") never blanks a body that is there.
/// The sender commits the answer's operations and settles it afterwards, also
/// when the commit failed; until then a second save sees the first.
/// Errors: ec::invalid_argument for a document without a source,
/// ec::storage_failed. Reads from disk: spawn it detached.
document_store_actor::behavior_type document_store(
  document_store_actor::stateful_pointer<document_store_state> self,
  std::shared_ptr<const storage::store> db, std::shared_ptr<id_generator> ids,
  const wall_clock* clock);

} // namespace quaero
