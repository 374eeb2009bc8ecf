#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/number_record.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <iterator>

namespace quaero::storage {

namespace {

std::string meta_key(std::string_view name) {
  return text_key(table::meta, name);
}

bool decode_totals(std::string_view val, totals& out) {
  record_reader in{val};
  in.expect(record_version);
  if (in.take_varint() != std::size(out.jobs))
    in.fail();
  for (auto& count : out.jobs)
    count = in.take_varint();
  out.roots = in.take_varint();
  out.documents = in.take_varint();
  out.log_sequence = in.take_varint();
  return in.done();
}

} // namespace

status next_boot(store& db, uint64_t& boot) {
  auto key = meta_key("boot");
  uint64_t last = 0;
  auto result = read_number(db, key, last);
  if (!result.ok() && result.code != errc::not_found)
    return result;
  write_batch batch;
  put_number(batch, key, last + 1);
  result = db.write(batch, true);
  if (result.ok())
    boot = last + 1;
  return result;
}

status read_last_id(const store& db, job_id& out) {
  out = {};
  for (auto x : {table::jobs, table::operations}) {
    const fixed_key prefix{x};
    auto result = for_each_reverse(
      db, prefix, [&](std::string_view key, std::string_view) {
        key.remove_prefix(prefix.view().size());
        if (key.size() >= out.bytes.size()) // An event's has more.
          out
            = std::max(out, job_id_from_bytes(key.substr(0, out.bytes.size())));
        return false;
      });
    if (!result.ok())
      return result;
  }
  return {};
}

void put_totals(write_batch& out, const totals& x) {
  auto& val = out.begin_put(meta_key("totals"));
  put_byte(val, record_version);
  put_varint(val, std::size(x.jobs));
  for (auto count : x.jobs)
    put_varint(val, count);
  put_varint(val, x.roots);
  put_varint(val, x.documents);
  put_varint(val, x.log_sequence);
  out.end_put();
}

status read_totals(const store& db, totals& out) {
  totals found;
  auto result = read_record(db, meta_key("totals"), [&](std::string_view val) {
    return decode_totals(val, found);
  });
  if (!result.ok() && result.code != errc::not_found)
    return result;
  out = found;
  return {};
}

} // namespace quaero::storage
