#pragma once

#include "actors/ack.hpp"
#include "actors/catalog_actors.hpp"

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
struct credential_store_config {
  size_t credentials_max = 1000;
  size_t bytes_max = 256 * 1024; ///< Of one, all its texts together.
};

/// All credentials, in memory. They change when they are committed.
struct credential_store_state {
  static constexpr const char* name = "credential-store";

  explicit credential_store_state(credential_store_actor::pointer ptr)
    : self{ptr} {}

  credential_store_actor::pointer self;
  credential_store_config config;
  log_collector_actor collector;
  std::shared_ptr<id_generator> ids;
  const wall_clock* clock = nullptr;
  std::map<std::string, credential> by_site;
  /// Changes that wait for the commit of the one before.
  std::deque<std::function<void()>> waiting;
  bool committing = false;

  caf::result<std::vector<credential>> on_list() const;
  caf::result<credential> on_get(const std::string& id) const;
  caf::typed_response_promise<credential> on_put(credential& x);
  ack_promise on_remove(const std::string& id);
  actor_status on_status() const;

private:
  const credential* find(const std::string& id) const;
  void in_turn(std::function<void()> f);
  void next();
  caf::error check(const credential& x) const;
  void store(caf::typed_response_promise<credential> reply, credential x);
  void drop(ack_promise reply, const std::string& id);
};

/// Owns the credentials: one for each site. Capturing a site again keeps the
/// id and the creation time. Changes are made one after another.
/// Bounds: credentials_max * bytes_max bytes.
/// Errors: ends with ec::storage_failed if they cannot be read.
credential_store_actor::behavior_type credential_store(
  credential_store_actor::stateful_pointer<credential_store_state> self,
  credential_store_config config, std::shared_ptr<const storage::store> db,
  log_collector_actor collector, std::shared_ptr<id_generator> ids,
  const wall_clock* clock);

} // namespace quaero
