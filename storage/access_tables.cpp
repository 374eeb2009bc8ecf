#include "storage/access_tables.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"

#include <algorithm>

namespace quaero::storage {

namespace {

enum token_field : uint64_t {
  token_expires = 1 << 0,
  token_revoked = 1 << 1,
  token_used = 1 << 2,
  token_fields = (1 << 3) - 1,
};

enum audit_field : uint64_t {
  audit_caller = 1 << 0,
  audit_token = 1 << 1,
  audit_request = 1 << 2,
  audit_more = 1 << 3,
  audit_fields = (1 << 4) - 1,
};

uint64_t flag(bool there, uint64_t bit) {
  return there ? bit : 0;
}

fixed_key token_key(const job_id& id) {
  return fixed_key{table::tokens}.add(id);
}

fixed_key audit_key(uint64_t sequence) {
  return fixed_key{table::audit}.add_be64(sequence);
}

std::string head_key() {
  return text_key(table::meta, "audit");
}

bool decode_token(std::string_view key, std::string_view val, api_token& out) {
  record_reader at{key.substr(1)};
  out.id = at.take_id();
  record_reader in{val};
  in.expect(record_version);
  const auto fields = in.take_varint(token_fields);
  out.name = in.take_string();
  out.scope = in.take_enum<access_scope>(access_scope_count);
  for (auto& x : out.hash)
    x = in.take_byte();
  out.created_at = in.take_time_from(id_time(out.id));
  if (fields & token_expires)
    out.expires_at = in.take_time_from(out.created_at);
  if (fields & token_revoked)
    out.revoked_at = in.take_time_from(out.created_at);
  if (fields & token_used)
    out.last_used = in.take_time_from(out.created_at);
  return at.done() && in.done();
}

bool decode_audit(uint64_t sequence, std::string_view val, audit_record& out) {
  record_reader in{val};
  in.expect(record_version);
  const auto fields = in.take_varint(audit_fields);
  out.sequence = sequence;
  out.at = in.take_time();
  out.status = static_cast<unsigned>(in.take_varint(999));
  out.remote = in.take_string();
  out.method = in.take_string();
  out.path = in.take_string();
  if (fields & audit_caller)
    out.caller = in.take_string();
  if (fields & audit_token)
    out.token = in.take_id();
  if (fields & audit_request)
    out.request_id = in.take_string();
  if (fields & audit_more)
    out.more = in.take_varint();
  return in.done();
}

bool is_audit(const cursor& x) {
  return x.valid() && x.key().size() == audit_key(0).view().size()
         && x.key().front() == static_cast<char>(table::audit);
}

uint64_t sequence_of(const cursor& x) {
  record_reader in{x.key().substr(1)};
  return in.take_be64();
}

} // namespace

// -- tokens -------------------------------------------------------------------

void put_token(write_batch& out, const api_token& x) {
  auto& val = out.begin_put(token_key(x.id));
  put_byte(val, record_version);
  put_varint(val, flag(x.expires_at != timestamp{}, token_expires)
                    | flag(x.revoked_at != timestamp{}, token_revoked)
                    | flag(x.last_used != timestamp{}, token_used));
  put_string(val, x.name);
  put_byte(val, static_cast<uint8_t>(x.scope));
  for (auto byte : x.hash)
    put_byte(val, byte);
  put_time_from(val, id_time(x.id), x.created_at);
  for (auto at : {x.expires_at, x.revoked_at, x.last_used})
    if (at != timestamp{})
      put_time_from(val, x.created_at, at);
  out.end_put();
}

void remove_token(write_batch& out, const job_id& id) {
  out.remove(token_key(id));
}

status read_tokens(const store& db, std::vector<api_token>& out) {
  out.clear();
  status damage;
  const std::string prefix(1, static_cast<char>(table::tokens));
  auto result
    = for_each(db, prefix, [&](std::string_view key, std::string_view val) {
        if (!decode_token(key, val, out.emplace_back()))
          damage = damaged(key);
        return damage.ok();
      });
  return damage.ok() ? result : damage;
}

// -- the audit log ------------------------------------------------------------

void put_audit_record(write_batch& out, const audit_record& x) {
  auto& val = out.begin_put(audit_key(x.sequence));
  put_byte(val, record_version);
  put_varint(val, flag(!x.caller.empty(), audit_caller)
                    | flag(static_cast<bool>(x.token), audit_token)
                    | flag(!x.request_id.empty(), audit_request)
                    | flag(x.more != 0, audit_more));
  put_time(val, x.at);
  put_varint(val, x.status);
  put_string(val, x.remote);
  put_string(val, x.method);
  put_string(val, x.path);
  if (!x.caller.empty())
    put_string(val, x.caller);
  if (x.token)
    put_id(val, x.token);
  if (!x.request_id.empty())
    put_string(val, x.request_id);
  if (x.more != 0)
    put_varint(val, x.more);
  out.end_put();
}

void trim_audit(write_batch& out, uint64_t from, uint64_t to) {
  for (auto i = from; i < to; ++i)
    out.remove(audit_key(i));
  auto& val = out.begin_put(head_key());
  put_byte(val, record_version);
  put_varint(val, to);
  out.end_put();
}

status read_audit_range(const store& db, audit_range& out) {
  uint64_t head = 1;
  auto result = read_record(db, head_key(), [&](std::string_view val) {
    record_reader in{val};
    in.expect(record_version);
    head = in.take_varint();
    return in.done();
  });
  if (!result.ok() && result.code != errc::not_found)
    return result;
  out = {head, head};
  auto at = db.scan();
  at->seek(audit_key(head));
  if (!is_audit(*at))
    return at->state();
  out.first = sequence_of(*at);
  at->seek_back(audit_key(UINT64_MAX));
  if (is_audit(*at))
    out.next = sequence_of(*at) + 1;
  return at->state();
}

status read_audit_record(const store& db, uint64_t sequence,
                         audit_record& out) {
  return read_record(db, audit_key(sequence), [&](std::string_view val) {
    return decode_audit(sequence, val, out);
  });
}

status read_audit(const store& db, uint64_t first, uint64_t before,
                  size_t limit, std::vector<audit_record>& out) {
  out.clear();
  if (before == 1)
    return {};
  auto at = db.scan();
  at->seek_back(audit_key(before == 0 ? UINT64_MAX : before - 1));
  for (; out.size() < limit && is_audit(*at); at->prev()) {
    const auto sequence = sequence_of(*at);
    if (sequence < first)
      break;
    if (!decode_audit(sequence, at->val(), out.emplace_back()))
      return damaged(at->key());
  }
  return at->state();
}

} // namespace quaero::storage
