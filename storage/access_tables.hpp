#pragma once

#include "definitions/api_access.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <vector>

/// The tables of access: tokens and the audit log. As in tables.hpp, functions
/// that take a `write_batch` only encode, those that take a `store` read.
namespace quaero::storage {

// -- tokens -------------------------------------------------------------------

void put_token(write_batch& out, const api_token& x);
void remove_token(write_batch& out, const job_id& id);

/// All tokens, the oldest first.
status read_tokens(const store& db, std::vector<api_token>& out);

// -- the audit log ------------------------------------------------------------

void put_audit_record(write_batch& out, const audit_record& x);

/// Removes the records [from, to) and stores `to` as the head: a lower bound
/// of what is there, so that nobody walks over what was removed.
void trim_audit(write_batch& out, uint64_t from, uint64_t to);

/// What is there: the records [first, next).
struct audit_range {
  uint64_t first = 1;
  uint64_t next = 1;
};
status read_audit_range(const store& db, audit_range& out);

/// The record of that number, or not_found.
status read_audit_record(const store& db, uint64_t sequence, audit_record& out);

/// At most `limit` records with a number below `before` (0: the newest) and
/// not below `first`, the newest first.
status read_audit(const store& db, uint64_t first, uint64_t before,
                  size_t limit, std::vector<audit_record>& out);

} // namespace quaero::storage
