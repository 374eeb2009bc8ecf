#pragma once

#include "actors/ack.hpp"
#include "actors/catalog_actors.hpp"
#include "actors/key_ring.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quaero {

/// All limits are > 0.
struct key_store_config {
  size_t pairs_max = 4096;
  size_t key_bytes_max = 128;
  size_t text_bytes_max = 16 * 1024;
  size_t description_bytes_max = 1024;
  /// Keys whose texts the daemon knows by itself; no pair may have one.
  std::vector<std::string> reserved;
};

/// All pairs, in memory. They change when they are committed.
struct key_store_state {
  static constexpr const char* name = "key-store";

  explicit key_store_state(key_store_actor::pointer ptr) : self{ptr} {}

  key_store_actor::pointer self;
  key_store_config config;
  log_collector_actor collector;
  std::shared_ptr<key_ring> ring;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::map<std::string, key_pair> pairs;
  /// Changes that wait for the commit of the one before.
  std::deque<std::function<void()>> waiting;
  bool committing = false;

  caf::result<std::vector<key_pair>> on_list() const;
  caf::result<key_pair> on_get(const std::string& key) const;
  caf::typed_response_promise<pair_stored> on_put(pair_change& x);
  ack_promise on_remove(const std::string& key);
  actor_status on_status() const;

private:
  void in_turn(std::function<void()> f);
  void next();
  caf::error apply(const pair_change& x, pair_stored& out) const;
  caf::error check_texts(const pair_change& x) const;
  void store(caf::typed_response_promise<pair_stored> reply,
             const pair_change& x);
  void drop(ack_promise reply, const std::string& key);
};

/// Owns the pairs: keys in any case are one key. Changes are made one after
/// another, each committed before the next is looked at, so of two that make
/// the same pair one is told ec::conflict. What is committed is in `ring`
/// before it is acknowledged.
/// A secret has at least secret_bytes_min bytes and stays one: only by removing
/// the pair can its key have a text that is shown.
/// Bounds: pairs_max * text_bytes_max bytes.
/// Errors: ends with ec::storage_failed if the pairs cannot be read.
key_store_actor::behavior_type
key_store(key_store_actor::stateful_pointer<key_store_state> self,
          key_store_config config, std::shared_ptr<const storage::store> db,
          log_collector_actor collector, std::shared_ptr<key_ring> ring,
          std::shared_ptr<id_generator> ids, const wall_clock* clock);

} // namespace quaero
