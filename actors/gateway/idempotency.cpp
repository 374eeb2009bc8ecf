#include "actors/gateway/idempotency.hpp"

#include "actors/gateway/router.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

namespace quaero {

namespace {

using verdict = request_claim::verdict;

/// FNV-1a over 64 bits.
uint64_t add_text(uint64_t hash, std::string_view text) {
  constexpr uint64_t prime = 0x100000001b3ull;
  for (auto c : text)
    hash = (hash ^ static_cast<uint8_t>(c)) * prime;
  return (hash ^ 0xff) * prime; // an end that no UTF-8 has
}

/// Tells requests of one client apart; no protection against forgery, which
/// would hurt nobody but the forger.
std::string fingerprint_of(const http_request& x) {
  constexpr uint64_t bases[] = {0xcbf29ce484222325ull, 0x9ae16a3b2f90404full};
  std::string out;
  for (auto hash : bases) {
    hash = add_text(hash, x.method);
    hash = add_text(hash, x.path);
    for (const auto& [name, val] : x.query)
      hash = add_text(add_text(hash, name), val);
    hash = add_text(hash, x.field("authorization"));
    hash = add_text(hash, x.body);
    char digits[17];
    std::snprintf(digits, sizeof(digits), "%016llx",
                  static_cast<unsigned long long>(hash));
    out += digits;
  }
  return out;
}

bool is_key(std::string_view x) {
  return x.size() <= idempotency_key_bytes_max
         && std::all_of(x.begin(), x.end(),
                        [](char c) { return c > ' ' && c <= '~'; });
}

void refuse_or_replay(const exchange_ptr& ex, request_claim& x) {
  http_answer out;
  switch (x.is) {
    case verdict::in_flight:
      return ex->reply(
        make_problem(409, "idempotency_in_flight",
                     "a request with this Idempotency-Key is being carried "
                     "out"));
    case verdict::different:
      return ex->reply(make_problem(422, "idempotency_mismatch",
                                    "this Idempotency-Key was used for "
                                    "another request"));
    default:
      out.status = x.status;
      out.body = std::move(x.body);
      out.headers
        = {{"Cache-Control", "no-store"}, {"Idempotency-Replayed", "true"}};
      ex->reply(std::move(out));
  }
}

/// Keeps the answer before it goes out, unless that is done already.
void on_answer(const exchange_ptr& ex, http_answer x) {
  const auto key = std::exchange(ex->key, nullptr);
  const auto& answers = ex->actors().answers;
  const bool done = x.status >= 200 && x.status < 300;
  if (!done || key->kept) {
    // Frees the key before the client can send it again.
    caf::anon_send(answers, atom::forget_v, key->key);
    return ex->reply(std::move(x));
  }
  auto kept = std::make_shared<storage::kept_answer>();
  kept->key = key->key;
  kept->fingerprint = key->fingerprint;
  kept->status = static_cast<uint16_t>(x.status);
  kept->body = x.body;
  kept->at = system_wall_clock().now();
  auto answer = std::make_shared<http_answer>(std::move(x));
  ex->ask<void>(
    answers, [ex, answer] { ex->reply(std::move(*answer)); }, atom::put_v,
    std::move(kept));
}

} // namespace

void handle_once(const exchange_ptr& ex, void (*handle)(const exchange_ptr&)) {
  const auto& request = ex->request();
  const auto text = request.field("idempotency-key");
  // A token is told once and stored nowhere: its answer cannot be kept.
  const bool secret
    = request.target != nullptr
      && (request.target->pattern == "/api/tokens"
          || request.target->pattern == "/api/nodes/invitations");
  if (request.method != "POST" || text.empty() || secret)
    return handle(ex);
  if (!is_key(text))
    return ex->reply(make_problem(
      400, "invalid_argument",
      "Idempotency-Key: must be 1 to 255 visible characters of ASCII"));
  auto key = std::make_shared<request_key>();
  key->key = text;
  key->fingerprint = fingerprint_of(request);
  ex->ask<request_claim>(
    ex->actors().answers,
    [ex, key, handle](request_claim& x) {
      if (x.is != verdict::fresh)
        return refuse_or_replay(ex, x);
      ex->key = key;
      ex->intercept([weak = std::weak_ptr<exchange>{ex}](http_answer answer) {
        if (auto alive = weak.lock())
          on_answer(alive, std::move(answer));
      });
      handle(ex);
    },
    atom::get_v, key->key, key->fingerprint);
}

answer_keeper keep_in_commit(const exchange_ptr& ex, uint16_t status) {
  if (!ex->key)
    return {};
  ex->key->kept = true;
  storage::kept_answer x;
  x.key = ex->key->key;
  x.fingerprint = ex->key->fingerprint;
  x.status = status;
  x.at = system_wall_clock().now();
  return [x](storage::write_batch& out, std::string body) mutable {
    x.body = std::move(body);
    storage::put_answer(out, x);
  };
}

} // namespace quaero
