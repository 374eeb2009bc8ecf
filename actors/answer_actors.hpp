#pragma once

#include "actors/actors.hpp"

namespace quaero {

/// The ANSWER STORE: answers of requests that a client may send again.
using answer_store_actor = status_actor::extend<
  // Claims a key for a request of this fingerprint.
  caf::replies_to<atom::get, std::string, std::string>::with<request_claim>,
  // Keeps the answer to a claimed request; replies when committed.
  caf::reacts_to<atom::put, kept_answer_ptr>,
  // The claim is over: nothing was done, or the answer is in a commit already.
  caf::reacts_to<atom::forget, std::string>>;

} // namespace quaero
