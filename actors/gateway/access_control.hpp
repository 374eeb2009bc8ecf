#pragma once

#include "actors/access_messages.hpp"
#include "actors/gateway/address_watch.hpp"
#include "actors/gateway/http_message.hpp"

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quaero {

enum class access : uint8_t;

/// What a caller needs for a route, by its method if the route says so.
access_scope required_scope(access needs, const std::string& method);

/// The subprotocol by which a WebSocket client of a browser, which can set no
/// fields, brings its token: this and the token.
inline constexpr std::string_view token_protocol = "quaero.token.";

/// The token that a request brings, "" if none: `Authorization: Bearer`, or the
/// subprotocol of a WebSocket. Never of its path or query, which others log.
/// @param other_scheme set if there is an Authorization of another kind.
std::string_view presented_token(const http_request& request,
                                 bool& other_scheme);

/// Decides who may do what. As long as no token was ever made, everybody may
/// do everything, if the gateway listens on a loopback address; from the first
/// token on every request needs one, but for what is open to all. Revoking the
/// last token does not open it again.
/// Bounds: O(1) a request: one look into a table by the token's text, or by its
/// hash the first time.
/// Threads: one.
class access_control {
public:
  /// Tokens found by their text, without hashing; > 0.
  static constexpr size_t remembered_max = 1024;

  /// @param local hash of the token of this machine's command line, if there
  ///              is one: an admin that does not count as a token made.
  access_control(bool loopback, std::optional<digest> local,
                 address_limits limits);

  /// These are all tokens from now on.
  void set_tokens(const std::vector<api_token>& all, timestamp now);

  /// Whether every request needs a token.
  bool closed() const { return closed_; }

  /// Whether somebody from outside could get in.
  bool has_tokens(timestamp now) const;

  /// Sets request.caller.
  /// @returns 401, 403 or 429 with the reason, or nothing.
  std::optional<http_answer> admit(http_request& request, access needs,
                                   timestamp now);

  /// Whether a caller that was admitted still would be.
  bool still_admits(const api_caller& x, timestamp now) const;

  /// When the next token ends by itself.
  std::optional<timestamp> next_end(timestamp now) const;

  /// When tokens were used last, of those that were since the last call.
  token_uses take_uses();

  /// For what is refused.
  address_watch& watch() { return watch_; }
  const address_watch& watch() const { return watch_; }

private:
  struct entry {
    api_caller caller;
    digest hash{};
    timestamp expires_at{};
    timestamp used_at{}; ///< Zero: not since the last take_uses().

    bool live(timestamp now) const {
      return expires_at == timestamp{} || now < expires_at;
    }
  };

  struct digest_hash {
    size_t operator()(const digest& x) const {
      size_t out = 0;
      std::memcpy(&out, x.data(), sizeof(out)); // Random already.
      return out;
    }
  };

  struct text_equal {
    bool operator()(const std::string& a, const std::string& b) const;
  };

  entry* find(std::string_view token, timestamp now);
  http_answer refuse_unknown(const http_request& request, timestamp now,
                             std::string detail);

  bool loopback_;
  bool closed_ = false;
  std::optional<digest> local_;
  std::unordered_map<digest, entry, digest_hash> by_hash_;
  std::unordered_map<std::string, entry*, std::hash<std::string>, text_equal>
    by_text_;
  address_watch watch_;
};

} // namespace quaero
