#include "storage/life_tables.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"

namespace quaero::storage {

namespace {

constexpr size_t operation_key_bytes = 17;

// What a label says; what is absent it does not say.
enum label_field : uint64_t {
  label_name = 1 << 0,
  label_description = 1 << 1,
  label_held = 1 << 2,
  label_retried_as = 1 << 3,
  label_fields_end = 1 << 4,
};

uint64_t fields_of(const job_label& x) {
  uint64_t result = 0;
  if (!x.name.empty())
    result |= label_name;
  if (!x.description.empty())
    result |= label_description;
  if (x.held)
    result |= label_held;
  if (x.retried_as)
    result |= label_retried_as;
  return result;
}

bool decode(std::string_view val, job_label& x) {
  record_reader in{val};
  in.expect(record_version);
  auto fields = in.take_varint(label_fields_end - 1);
  if (fields & label_name)
    x.name = in.take_string();
  if (fields & label_description)
    x.description = in.take_string();
  x.held = (fields & label_held) != 0;
  if (fields & label_retried_as)
    x.retried_as = in.take_id();
  return in.done();
}

void encode(std::string& out, const operation& x) {
  put_byte(out, record_version);
  put_byte(out, static_cast<uint8_t>(x.action));
  put_byte(out, static_cast<uint8_t>(x.status));
  put_string(out, x.query);
  put_time_from(out, id_time(x.id), x.created_at);
  put_time(out, x.finished_at);
  put_varint(out, x.total);
  put_byte(out, x.total_is_exact ? 1 : 0);
  put_varint(out, x.done);
  put_varint(out, x.skipped);
  put_varint(out, x.failed);
  put_id(out, x.position);
  put_string(out, x.error);
  put_varint(out, x.errors.size());
  for (const auto& e : x.errors) {
    put_id(out, e.job);
    put_string(out, e.message);
  }
}

bool decode(std::string_view val, operation& x) {
  record_reader in{val};
  in.expect(record_version);
  x.action = in.take_enum<operation_action>(operation_action_count);
  x.status = in.take_enum<operation_status>(operation_status_count);
  x.query = in.take_string();
  x.created_at = in.take_time_from(id_time(x.id));
  x.finished_at = in.take_time();
  x.total = in.take_varint();
  x.total_is_exact = in.take_bool();
  x.done = in.take_varint();
  x.skipped = in.take_varint();
  x.failed = in.take_varint();
  x.position = in.take_id();
  x.error = in.take_string();
  const auto errors = in.take_count();
  for (size_t i = 0; i < errors && !in.failed(); ++i) {
    auto& e = x.errors.emplace_back();
    e.job = in.take_id();
    e.message = in.take_string();
  }
  return in.done();
}

} // namespace

void put_label(write_batch& out, const job_id& id, const job_label& x) {
  const auto key = fixed_key{table::labels}.add(id);
  if (x.empty()) {
    out.remove(key);
    return;
  }
  auto& val = out.begin_put(key);
  put_byte(val, record_version);
  put_varint(val, fields_of(x));
  if (!x.name.empty())
    put_string(val, x.name);
  if (!x.description.empty())
    put_string(val, x.description);
  if (x.retried_as)
    put_id(val, x.retried_as);
  out.end_put();
}

status read_label(const store& db, const job_id& id, job_label& out) {
  job_label found;
  auto result
    = read_record(db, fixed_key{table::labels}.add(id),
                  [&](std::string_view val) { return decode(val, found); });
  if (!result.ok() && result.code != errc::not_found)
    return result;
  out = std::move(found);
  return {};
}

void put_operation(write_batch& out, const operation& x) {
  encode(out.begin_put(fixed_key{table::operations}.add(x.id)), x);
  out.end_put();
}

void remove_operation(write_batch& out, const job_id& id) {
  out.remove(fixed_key{table::operations}.add(id));
}

status read_operations(const store& db, std::vector<operation>& out) {
  out.clear();
  status error;
  auto result = for_each(db, fixed_key{table::operations},
                         [&](std::string_view key, std::string_view val) {
                           operation found;
                           if (key.size() == operation_key_bytes)
                             found.id = job_id_from_bytes(key.substr(1));
                           if (!found.id || !decode(val, found)) {
                             error = damaged(key);
                             return false;
                           }
                           out.push_back(std::move(found));
                           return true;
                         });
  return error.ok() ? result : error;
}

} // namespace quaero::storage
