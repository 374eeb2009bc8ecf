#pragma once

#include "definitions/ids.hpp"
#include "definitions/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Who may use the API, and what is remembered of it.
namespace quaero {

/// What a caller of the API may do; each one may do what those before it may.
enum class access_scope : uint8_t {
  read,    ///< Look.
  submit,  ///< Make jobs and start runs.
  operate, ///< Change and stop what is there.
  admin,   ///< Tokens, credentials, secrets, the daemon itself.
};
inline constexpr uint8_t access_scope_count = 4;

std::string to_string(access_scope x);
bool from_string(std::string_view text, access_scope& out);

/// A SHA-256 hash.
using digest = std::array<uint8_t, 32>;

/// What every token starts with, so that people and scanners know one.
inline constexpr std::string_view token_prefix = "qro_";

/// A token as it is kept: without itself.
struct api_token {
  job_id id;
  std::string name;
  access_scope scope = access_scope::read;
  digest hash{};
  timestamp created_at{};
  timestamp expires_at{}; ///< Zero: never.
  timestamp revoked_at{}; ///< Zero: it is not.
  timestamp last_used{};  ///< About; zero: never.

  bool live(timestamp now) const {
    return revoked_at == timestamp{}
           && (expires_at == timestamp{} || now < expires_at);
  }
  bool operator==(const api_token&) const = default;
};

/// One act that somebody made or was refused.
struct audit_record {
  uint64_t sequence = 0; ///< From 1, without gaps.
  timestamp at{};
  unsigned status = 0; ///< Of the answer.
  std::string caller;  ///< A token's name; "" is nobody known.
  job_id token;        ///< None if the caller is nobody known.
  std::string remote;  ///< The address that it came from.
  std::string method;
  std::string path;       ///< Without its query.
  std::string request_id; ///< "" if it stands for more than one.
  uint64_t more = 0;      ///< Refusals like this one that are not recorded.

  bool operator==(const audit_record&) const = default;
};

} // namespace quaero
