#include "storage/pair_tables.hpp"

#include "definitions/ascii.hpp"
#include "storage/codec.hpp"
#include "storage/keys.hpp"

namespace quaero::storage {

namespace {

/// Of pairs; version 1 was the text alone.
constexpr uint8_t pair_version = 2;

enum pair_field : uint64_t {
  pair_description = 1 << 0,
  pair_seal = 1 << 1, ///< The pair is secret.
  pair_fields_end = 1 << 2,
};

bool decode_text(record_reader& in, key_pair& x) {
  x.text = in.take_rest();
  return in.done();
}

bool decode_pair(std::string_view val, key_pair& x) {
  record_reader in{val};
  const auto version = in.take_byte();
  if (version == record_version)
    return decode_text(in, x);
  if (version != pair_version)
    return false;
  const auto fields = in.take_varint(pair_fields_end - 1);
  x.text = in.take_string();
  x.created_at = in.take_time();
  x.updated_at = in.take_time_from(x.created_at);
  if (fields & pair_description)
    x.description = in.take_string();
  if (fields & pair_seal)
    x.seal = in.take_string();
  x.secret = !x.seal.empty();
  return in.done();
}

bool decode_credential(std::string_view val, credential& x) {
  record_reader in{val};
  in.expect(record_version);
  for (auto* text : {&x.id, &x.name, &x.service_type, &x.base_url,
                     &x.user_agent, &x.cookies, &x.tokens})
    *text = in.take_string();
  x.created_at = in.take_time();
  x.updated_at = in.take_time_from(x.created_at);
  return in.done();
}

template <class T, class Decode, class Name>
status read_all(const store& db, table which, std::vector<T>& out,
                Decode decode, Name T::*name) {
  out.clear();
  status error;
  auto result = for_each(db, text_key(which, {}),
                         [&](std::string_view key, std::string_view val) {
                           T found;
                           if (!decode(val, found)) {
                             error = damaged(key);
                             return false;
                           }
                           found.*name = key.substr(1);
                           out.push_back(std::move(found));
                           return true;
                         });
  return error.ok() ? result : error;
}

} // namespace

std::string pair_key(std::string_view key) {
  return to_lower(trim(key));
}

void put_pair(write_batch& out, const key_pair& x) {
  auto& val = out.begin_put(text_key(table::kv, pair_key(x.key)));
  uint64_t fields = 0;
  if (!x.description.empty())
    fields |= pair_description;
  if (x.secret)
    fields |= pair_seal;
  put_byte(val, pair_version);
  put_varint(val, fields);
  put_string(val, x.text);
  put_time(val, x.created_at);
  put_time_from(val, x.created_at, x.updated_at);
  if (fields & pair_description)
    put_string(val, x.description);
  if (fields & pair_seal)
    put_string(val, x.seal);
  out.end_put();
}

void remove_pair(write_batch& out, std::string_view key) {
  out.remove(text_key(table::kv, pair_key(key)));
}

status read_pair(const store& db, std::string_view key, key_pair& out) {
  key_pair found;
  found.key = pair_key(key);
  auto result = read_record(
    db, text_key(table::kv, found.key),
    [&](std::string_view val) { return decode_pair(val, found); });
  if (result.ok())
    out = std::move(found);
  return result;
}

status read_pairs(const store& db, std::vector<key_pair>& out) {
  return read_all(db, table::kv, out, decode_pair, &key_pair::key);
}

void put_credential(write_batch& out, const credential& x) {
  auto& val = out.begin_put(text_key(table::credentials, x.site_domain));
  put_byte(val, record_version);
  for (const auto* text : {&x.id, &x.name, &x.service_type, &x.base_url,
                           &x.user_agent, &x.cookies, &x.tokens})
    put_string(val, *text);
  put_time(val, x.created_at);
  put_time_from(val, x.created_at, x.updated_at);
  out.end_put();
}

void remove_credential(write_batch& out, const credential& x) {
  out.remove(text_key(table::credentials, x.site_domain));
}

status read_credentials(const store& db, std::vector<credential>& out) {
  return read_all(db, table::credentials, out, decode_credential,
                  &credential::site_domain);
}

} // namespace quaero::storage
