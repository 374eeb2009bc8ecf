#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/tables.hpp"

#include <cassert>
#include <utility>

namespace quaero::storage {

namespace {

constexpr std::string_view default_queue = "default";
constexpr size_t queue_key_bytes = 10;

// Which fields a queue record has; what is absent has its default.
enum entry_field : uint64_t {
  entry_step = 1 << 0,
  entry_manager = 1 << 1,
  entry_queue = 1 << 2,
  entry_run_at = 1 << 3,
  entry_attempt = 1 << 4,
  entry_priority = 1 << 5, ///< Absent: the lane.
  entry_unique_key = 1 << 6,
  entry_expires_at = 1 << 7,
  entry_tags = 1 << 8,
  entry_limit_key = 1 << 9,
  entry_deaths = 1 << 10,
  entry_snoozed = 1 << 11,
  entry_uncounted = 1 << 12,
  entry_fields_end = 1 << 13,
};

fixed_key to_key(const queue_key& x) {
  assert(x.lane < lane_count);
  return fixed_key{table::queue}.add_byte(x.lane).add_be64(x.sequence);
}

uint64_t fields_of(const queue_entry& x) {
  uint64_t result = 0;
  auto add = [&](bool present, entry_field field) {
    if (present)
      result |= field;
  };
  add(static_cast<bool>(x.step_id), entry_step);
  add(static_cast<bool>(x.manager_id), entry_manager);
  add(x.queue != default_queue, entry_queue);
  add(x.run_at != timestamp{}, entry_run_at);
  add(x.attempt != 0, entry_attempt);
  add(x.priority != x.key.lane, entry_priority);
  add(!x.unique_key.empty(), entry_unique_key);
  add(x.expires_at != timestamp{}, entry_expires_at);
  add(!x.tags.empty(), entry_tags);
  add(!x.limit_key.empty(), entry_limit_key);
  add(x.deaths != 0, entry_deaths);
  add(x.snoozed, entry_snoozed);
  add(x.uncounted != 0, entry_uncounted);
  return result;
}

void encode(std::string& out, const queue_entry& x) {
  auto fields = fields_of(x);
  put_byte(out, record_version);
  put_varint(out, fields);
  put_id(out, x.id);
  put_string(out, x.type);
  if (fields & entry_step)
    put_id(out, x.step_id);
  if (fields & entry_manager)
    put_id(out, x.manager_id);
  if (fields & entry_queue)
    put_string(out, x.queue);
  if (fields & entry_run_at)
    put_time_from(out, id_time(x.id), x.run_at);
  if (fields & entry_attempt)
    put_varint(out, x.attempt);
  if (fields & entry_priority)
    put_byte(out, x.priority);
  if (fields & entry_unique_key)
    put_string(out, x.unique_key);
  if (fields & entry_expires_at)
    put_time_from(out, id_time(x.id), x.expires_at);
  if (fields & entry_tags)
    put_strings(out, x.tags);
  if (fields & entry_limit_key)
    put_string(out, x.limit_key);
  if (fields & entry_deaths)
    put_varint(out, x.deaths);
  if (fields & entry_uncounted)
    put_varint(out, x.uncounted);
}

bool decode(std::string_view key, std::string_view val, queue_entry& x) {
  record_reader key_in{key.substr(1)};
  x.key.lane = key_in.take_byte();
  x.key.sequence = key_in.take_be64();
  record_reader in{val};
  in.expect(record_version);
  auto fields = in.take_varint(entry_fields_end - 1);
  x.id = in.take_id();
  x.type = in.take_string();
  if (fields & entry_step)
    x.step_id = in.take_id();
  if (fields & entry_manager)
    x.manager_id = in.take_id();
  x.queue
    = fields & entry_queue ? in.take_string() : std::string{default_queue};
  if (fields & entry_run_at)
    x.run_at = in.take_time_from(id_time(x.id));
  if (fields & entry_attempt)
    x.attempt = static_cast<uint32_t>(in.take_varint(UINT32_MAX));
  x.priority = fields & entry_priority ? in.take_byte() : x.key.lane;
  if (fields & entry_unique_key)
    x.unique_key = in.take_string();
  if (fields & entry_expires_at)
    x.expires_at = in.take_time_from(id_time(x.id));
  if (fields & entry_tags)
    x.tags = in.take_strings();
  if (fields & entry_limit_key)
    x.limit_key = in.take_string();
  if (fields & entry_deaths)
    x.deaths = static_cast<uint32_t>(in.take_varint(UINT32_MAX));
  if (fields & entry_uncounted)
    x.uncounted = static_cast<uint32_t>(in.take_varint(UINT32_MAX));
  x.snoozed = (fields & entry_snoozed) != 0;
  return key_in.done() && in.done();
}

status read_queue_head(const store& db, queue_key& head) {
  auto result
    = read_record(db, fixed_key{table::queue_heads}.add_byte(head.lane),
                  [&](std::string_view val) {
                    record_reader in{val};
                    in.expect(record_version);
                    head.sequence = in.take_varint();
                    return in.done();
                  });
  return result.code == errc::not_found ? status{} : result;
}

status read_lane(const store& db, uint8_t lane,
                 const std::function<void(queue_entry&&)>& f) {
  queue_key head{lane, 0};
  if (auto result = read_queue_head(db, head); !result.ok())
    return result;
  status error;
  auto result = for_each(
    db, fixed_key{table::queue}.add_byte(lane),
    [&](std::string_view key, std::string_view val) {
      queue_entry found;
      if (key.size() != queue_key_bytes || !decode(key, val, found)) {
        error = damaged(key);
        return false;
      }
      f(std::move(found));
      return true;
    },
    to_key(head));
  return error.ok() ? result : error;
}

} // namespace

void put_queue_entry(write_batch& out, const queue_entry& x) {
  encode(out.begin_put(to_key(x.key)), x);
  out.end_put();
}

void remove_queue_entry(write_batch& out, const queue_key& key) {
  out.remove(to_key(key));
}

void put_queue_head(write_batch& out, const queue_key& head) {
  auto& val = out.begin_put(fixed_key{table::queue_heads}.add_byte(head.lane));
  put_byte(val, record_version);
  put_varint(val, head.sequence);
  out.end_put();
}

status read_queue_heads(const store& db,
                        std::array<uint64_t, lane_count>& out) {
  for (uint8_t lane = 0; lane < lane_count; ++lane) {
    queue_key head{lane, 0};
    if (auto result = read_queue_head(db, head); !result.ok())
      return result;
    out[lane] = head.sequence;
  }
  return {};
}

status read_queue(const store& db,
                  const std::function<void(queue_entry&&)>& f) {
  for (uint8_t lane = 0; lane < lane_count; ++lane) {
    if (auto result = read_lane(db, lane, f); !result.ok())
      return result;
  }
  return {};
}

// -- named queues -------------------------------------------------------------

namespace {

enum settings_field : uint64_t {
  settings_paused = 1 << 0,
  settings_running_max = 1 << 1,
  settings_length_max = 1 << 2,
  settings_key_running_max = 1 << 3,
  settings_rate = 1 << 4,
  settings_fields_end = 1 << 5,
};

} // namespace

void put_queue_settings(write_batch& out, std::string_view name,
                        const queue_settings& x) {
  uint64_t fields = 0;
  if (x.paused)
    fields |= settings_paused;
  if (x.running_max)
    fields |= settings_running_max;
  if (x.length_max)
    fields |= settings_length_max;
  if (x.key_running_max)
    fields |= settings_key_running_max;
  if (x.rate_max)
    fields |= settings_rate;
  auto& val = out.begin_put(text_key(table::queue_settings, name));
  put_byte(val, record_version);
  put_varint(val, fields);
  if (x.running_max)
    put_varint(val, *x.running_max);
  if (x.length_max)
    put_varint(val, *x.length_max);
  if (x.key_running_max)
    put_varint(val, *x.key_running_max);
  if (x.rate_max) {
    put_varint(val, *x.rate_max);
    put_varint(val, static_cast<uint64_t>(x.rate_period.count()));
  }
  out.end_put();
}

void remove_queue_settings(write_batch& out, std::string_view name) {
  out.remove(text_key(table::queue_settings, name));
}

status
read_queue_settings(const store& db,
                    std::vector<std::pair<std::string, queue_settings>>& out) {
  out.clear();
  status error;
  auto result = for_each(
    db, text_key(table::queue_settings, ""),
    [&](std::string_view key, std::string_view val) {
      auto& x = out.emplace_back(key.substr(1), queue_settings{}).second;
      record_reader in{val};
      in.expect(record_version);
      const auto fields = in.take_varint(settings_fields_end - 1);
      x.paused = (fields & settings_paused) != 0;
      if (fields & settings_running_max)
        x.running_max = in.take_varint();
      if (fields & settings_length_max)
        x.length_max = in.take_varint();
      if (fields & settings_key_running_max)
        x.key_running_max = in.take_varint();
      if (fields & settings_rate) {
        x.rate_max = in.take_varint();
        x.rate_period = std::chrono::milliseconds{in.take_varint(INT64_MAX)};
      }
      if (!in.done())
        error = damaged(key);
      return error.ok();
    });
  return error.ok() ? result : error;
}

// -- worker types, nodes ------------------------------------------------------

namespace {

using numbers = std::vector<std::pair<std::string, uint64_t>>;

void put_number(write_batch& out, table where, std::string_view name,
                uint64_t x) {
  auto& val = out.begin_put(text_key(where, name));
  put_byte(val, record_version);
  put_varint(val, x);
  out.end_put();
}

status read_numbers(const store& db, table where, uint64_t max, numbers& out) {
  out.clear();
  status error;
  auto result = for_each(db, text_key(where, ""),
                         [&](std::string_view key, std::string_view val) {
                           record_reader in{val};
                           in.expect(record_version);
                           const auto x = in.take_varint(max);
                           if (!in.done())
                             error = damaged(key);
                           out.emplace_back(key.substr(1), x);
                           return error.ok();
                         });
  return error.ok() ? result : error;
}

} // namespace

void put_type_slots(write_batch& out, std::string_view type, uint32_t slots) {
  put_number(out, table::type_slots, type, slots);
}

void remove_type_slots(write_batch& out, std::string_view type) {
  out.remove(text_key(table::type_slots, type));
}

status read_type_slots(const store& db,
                       std::vector<std::pair<std::string, uint32_t>>& out) {
  numbers found;
  auto result = read_numbers(db, table::type_slots, UINT32_MAX, found);
  out.assign(found.begin(), found.end());
  return result;
}

void put_node_limit(write_batch& out, std::string_view node, uint64_t limit) {
  put_number(out, table::node_limits, node, limit);
}

void remove_node_limit(write_batch& out, std::string_view node) {
  out.remove(text_key(table::node_limits, node));
}

status read_node_limits(const store& db,
                        std::vector<std::pair<std::string, uint64_t>>& out) {
  return read_numbers(db, table::node_limits, UINT64_MAX, out);
}

} // namespace quaero::storage
