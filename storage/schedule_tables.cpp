#include "storage/schedule_tables.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"

#include <utility>

namespace quaero::storage {

namespace {

bool decode(std::string_view val, schedule_record& x) {
  record_reader in{val};
  in.expect(record_version);
  x.last_tick = in.take_time();
  x.outcome = in.take_enum<tick_outcome>(tick_outcome_count);
  x.other = in.take_id();
  x.error = in.take_string();
  x.run = in.take_id();
  x.run_for = in.take_time();
  x.waiting = in.take_time();
  return in.done();
}

} // namespace

void put_schedule(write_batch& out, std::string_view definition_id,
                  const schedule_record& x) {
  auto& val = out.begin_put(text_key(table::schedules, definition_id));
  put_byte(val, record_version);
  put_time(val, x.last_tick);
  put_byte(val, static_cast<uint8_t>(x.outcome));
  put_id(val, x.other);
  put_string(val, x.error);
  put_id(val, x.run);
  put_time(val, x.run_for);
  put_time(val, x.waiting);
  out.end_put();
}

void remove_schedule(write_batch& out, std::string_view definition_id) {
  out.remove(text_key(table::schedules, definition_id));
}

status read_schedules(const store& db,
                      std::unordered_map<std::string, schedule_record>& out) {
  out.clear();
  status error;
  auto result = for_each(db, text_key(table::schedules, {}),
                         [&](std::string_view key, std::string_view val) {
                           schedule_record found;
                           if (!decode(val, found)) {
                             error = damaged(key);
                             return false;
                           }
                           out.emplace(key.substr(1), std::move(found));
                           return true;
                         });
  return error.ok() ? result : error;
}

} // namespace quaero::storage
