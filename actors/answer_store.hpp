#pragma once

#include "actors/ack.hpp"
#include "actors/answer_actors.hpp"
#include "definitions/time.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

namespace quaero {

struct answer_store_config {
  /// > 0; how long an answer is kept.
  std::chrono::nanoseconds keep = std::chrono::hours{24};
  /// > 0; how often old answers are looked for.
  std::chrono::nanoseconds prune_interval = std::chrono::minutes{10};
  size_t prune_max = 1000; ///< > 0; answers that are removed in one commit.
};

/// What the actor says to itself.
using answer_store_impl = answer_store_actor::extend<
  // Remove what is old.
  caf::reacts_to<atom::wake>>;

/// Requests that are being carried out.
struct answer_store_state {
  static constexpr const char* name = "answer-store";

  explicit answer_store_state(answer_store_impl::pointer ptr) : self{ptr} {}

  answer_store_impl::pointer self;
  answer_store_config config;
  std::shared_ptr<const storage::store> db;
  log_collector_actor collector;
  const wall_clock* clock = nullptr;
  std::unordered_map<std::string, std::string> claims; ///< Key -> fingerprint.

  caf::typed_response_promise<request_claim>
  on_get(const std::string& key, const std::string& fingerprint);
  ack_promise on_put(const kept_answer_ptr& x);
  void on_wake();
  actor_status on_status() const;

  timestamp oldest() const { return clock->now() - config.keep; }
};

/// Knows which requests were answered, across restarts, and which are being
/// answered, so that a request is carried out once however often it is sent.
/// May block: needs a thread.
/// Bounds: a key and a fingerprint for each request that is being carried out.
/// Errors: ec::storage_failed.
answer_store_impl::behavior_type
answer_store(answer_store_impl::stateful_pointer<answer_store_state> self,
             answer_store_config config,
             std::shared_ptr<const storage::store> db,
             log_collector_actor collector, const wall_clock* clock);

} // namespace quaero
