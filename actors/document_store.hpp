#pragma once

#include "actors/ack.hpp"
#include "actors/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace quaero {

struct document_store_config {
  size_t clear_block_max = 500; ///< > 0; documents removed in one commit.
};

/// Knows which document a source has, also while its commit is under way.
struct document_store_state {
  static constexpr const char* name = "document-store";

  explicit document_store_state(document_store_actor::pointer ptr)
    : self{ptr} {}

  /// A version that is being committed.
  struct in_flight {
    document newest;
    bool removed = false; ///< The newest version is none.
    uint32_t commits = 0;
    /// Changes from outside that wait until nothing is in flight.
    std::deque<std::function<void()>> waiting;
  };

  /// Removing everything: where it is.
  struct clearing {
    std::string after; ///< The last document looked at.
    uint64_t removed = 0;
  };

  document_store_actor::pointer self;
  document_store_config config;
  log_collector_actor collector; ///< Null: documents are only prepared.
  std::shared_ptr<const storage::store> db;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::unordered_map<std::string, in_flight> pending; ///< By source key.
  bool is_clearing = false;

  caf::result<prepared_ptr> on_prepare(std::vector<document>& documents,
                                       const job_id& manager);
  void on_settle(const prepared_documents& done);
  caf::error prepare_one(document& x, const job_id& manager,
                         prepared_documents& out);
  caf::error find(const std::string& key, const document& x, bool& found,
                  document& old) const;
  caf::typed_response_promise<document_saved> on_put(document& x);
  ack_promise on_remove(const std::string& id);
  caf::typed_response_promise<uint64_t> on_clear();
  actor_status on_status() const;

private:
  void when_settled(const std::string& key, std::function<void()> f);
  void settle(const std::string& key);
  caf::error check_identity(const document& x);
  void put(caf::typed_response_promise<document_saved> reply, document x);
  void remove(ack_promise reply, const std::string& id);
  void clear_block(caf::typed_response_promise<uint64_t> reply,
                   std::shared_ptr<clearing> x);
};

/// Decides what a document becomes when it is saved: one per (source_type,
/// source_id). Saving it again keeps its id, creation time and runs, and a
/// stub (detail_level "metadata") never blanks a body that is there.
/// The sender commits the answer's operations and settles it afterwards, also
/// when the commit failed; until then a second save sees the first.
/// What is put or removed from outside is committed here, and waits while a
/// version of the same source is in flight. Removing everything leaves what is
/// being saved meanwhile.
/// Errors: ec::invalid_argument for a document without a source, ec::conflict,
/// ec::not_found, ec::storage_failed. Reads from disk: spawn it detached.
/// @param collector null: nothing is put or removed from outside.
document_store_actor::behavior_type document_store(
  document_store_actor::stateful_pointer<document_store_state> self,
  std::shared_ptr<const storage::store> db, std::shared_ptr<id_generator> ids,
  const wall_clock* clock, log_collector_actor collector,
  document_store_config config);

} // namespace quaero
