#pragma once

#include "actors/gateway/exchange.hpp"

#include <functional>
#include <string>

/// `Idempotency-Key`: a POST with the same key is carried out once, however
/// often it is sent, and answered each time as the first time. Only answers
/// that say yes are kept: who was refused may correct himself and try again.
namespace quaero {

inline constexpr size_t idempotency_key_bytes_max = 255;

/// A request that has a key of the client's.
struct request_key {
  std::string key;
  std::string fingerprint; ///< Of method, target, caller and body.
  bool kept = false;       ///< Its answer is in the commit of what it asks for.
};

/// Calls `handle` unless the request is a POST with a key that somebody has
/// used: then it is answered as before (with `Idempotency-Replayed: true`),
/// 409 while it is being carried out, 422 if the key belongs to another one,
/// 400 if it is no key (1 to 255 visible ASCII characters). Requests for a
/// token ignore the key: what is secret is not kept.
void handle_once(const exchange_ptr& ex, void (*handle)(const exchange_ptr&));

/// Adds the answer to a commit, so that both are stored or none. Any thread.
using answer_keeper
  = std::function<void(storage::write_batch&, std::string body)>;

/// For a handler whose request changes the database by one commit: empty if
/// the request has no key, else what adds its answer to that commit.
answer_keeper keep_in_commit(const exchange_ptr& ex, uint16_t status);

} // namespace quaero
