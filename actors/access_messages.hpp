#pragma once

#include "definitions/api_access.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What the TOKEN STORE and the AUDIT LOG are told and answer. None of it ever
/// leaves the process: secrets and their hashes have no wire form.
namespace quaero {

/// A token that somebody wants.
struct new_token {
  std::string name;
  access_scope scope = access_scope::read;
  timestamp expires_at{}; ///< Zero: never.
};

/// The one time that a token's text is seen.
struct created_token {
  api_token token;
  std::string secret;
};

/// All tokens, the oldest first, revoked ones included.
using token_table_ptr = std::shared_ptr<const std::vector<api_token>>;

/// When tokens were used last.
struct token_uses {
  std::vector<std::pair<job_id, timestamp>> last;
};

/// Records without their numbers.
struct audit_block {
  std::vector<audit_record> records;
};

struct audit_query {
  uint64_t before = 0; ///< Only records with a smaller number; 0: the newest.
  size_t limit = 50;
};

struct audit_page {
  std::vector<audit_record> records; ///< The newest first.
  uint64_t total = 0;                ///< Records that there are.
  uint64_t next = 0; ///< `before` of the next page; 0: there is none.
};

} // namespace quaero
