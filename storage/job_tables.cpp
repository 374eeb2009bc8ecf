#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/start_tables.hpp"
#include "storage/table_checks.hpp"
#include "storage/tables.hpp"

#include <functional>
#include <utility>

namespace quaero::storage {

namespace {

constexpr std::string_view empty_object = "{}";
constexpr std::string_view default_queue = "default";

// Which fields a job record has; what is absent has its default.
enum job_field : uint64_t {
  job_parent = 1 << 0,
  job_manager = 1 << 1,
  job_manager_is_self = 1 << 2,
  job_step = 1 << 3,
  job_step_is_parent = 1 << 4,
  job_name = 1 << 5,
  job_queue = 1 << 6,
  job_priority = 1 << 7,
  job_depth = 1 << 8,
  job_run_at = 1 << 9,
  job_retry = 1 << 10,
  job_config = 1 << 11,
  job_metadata = 1 << 12,
  job_tags = 1 << 13,
  job_unique_key = 1 << 14,
  job_expires_at = 1 << 15,
  job_limit_key = 1 << 16,
  job_timeout = 1 << 17,
  job_fields_end = 1 << 18,
};

// The same for an event.
enum event_field : uint64_t {
  event_epoch = 1 << 0,
  event_attempt = 1 << 1,
  event_started_at = 1 << 2,
  event_error = 1 << 3,
  event_result_count = 1 << 4,
  event_children = 1 << 5,
  event_result = 1 << 6,
  event_reason = 1 << 7,
  event_node = 1 << 8, ///< Only of a start.
  event_fields_end = 1 << 9,
};

constexpr uint8_t priority_default = 4;

uint64_t id_fields(const queue_job& x) {
  uint64_t result = 0;
  if (x.parent_id)
    result |= job_parent;
  if (x.manager_id)
    result |= x.manager_id == x.id ? job_manager_is_self : job_manager;
  if (x.step_id)
    result |= x.step_id == x.parent_id ? job_step_is_parent : job_step;
  return result;
}

uint64_t fields_of(const queue_job& x) {
  auto result = id_fields(x);
  auto add = [&](bool present, job_field field) {
    if (present)
      result |= field;
  };
  add(!x.name.empty(), job_name);
  add(x.queue != default_queue, job_queue);
  add(x.priority != priority_default, job_priority);
  add(x.depth != 0, job_depth);
  add(x.run_at != timestamp{}, job_run_at);
  add(x.retry != retry_policy{}, job_retry);
  add(x.config != empty_object, job_config);
  add(x.metadata != empty_object, job_metadata);
  add(!x.tags.empty(), job_tags);
  add(!x.unique_key.empty(), job_unique_key);
  add(x.expires_at != timestamp{}, job_expires_at);
  add(!x.limit_key.empty(), job_limit_key);
  add(x.timeout.count() != 0, job_timeout);
  return result;
}

void encode_job(std::string& out, const queue_job& x) {
  auto fields = fields_of(x);
  put_byte(out, record_version);
  put_varint(out, fields);
  put_string(out, x.type);
  put_time_from(out, id_time(x.id), x.created_at);
  if (fields & job_parent)
    put_id(out, x.parent_id);
  if (fields & job_manager)
    put_id(out, x.manager_id);
  if (fields & job_step)
    put_id(out, x.step_id);
  if (fields & job_name)
    put_string(out, x.name);
  if (fields & job_queue)
    put_string(out, x.queue);
  if (fields & job_priority)
    put_byte(out, x.priority);
  if (fields & job_depth)
    put_varint(out, x.depth);
  if (fields & job_run_at)
    put_time_from(out, x.created_at, x.run_at);
  if (fields & job_retry)
    put_retry(out, x.retry);
  if (fields & job_config)
    put_string(out, x.config);
  if (fields & job_metadata)
    put_string(out, x.metadata);
  if (fields & job_tags)
    put_strings(out, x.tags);
  if (fields & job_unique_key)
    put_string(out, x.unique_key);
  if (fields & job_expires_at)
    put_time_from(out, x.created_at, x.expires_at);
  if (fields & job_limit_key)
    put_string(out, x.limit_key);
  if (fields & job_timeout)
    put_varint(out, static_cast<uint64_t>(x.timeout.count()));
}

void take_job_ids(record_reader& in, uint64_t fields, queue_job& x) {
  if (fields & job_parent)
    x.parent_id = in.take_id();
  if (fields & job_manager)
    x.manager_id = in.take_id();
  else if (fields & job_manager_is_self)
    x.manager_id = x.id;
  if (fields & job_step)
    x.step_id = in.take_id();
  else if (fields & job_step_is_parent)
    x.step_id = x.parent_id;
}

bool decode_job(std::string_view val, queue_job& x) {
  record_reader in{val};
  in.expect(record_version);
  auto fields = in.take_varint(job_fields_end - 1);
  x.type = in.take_string();
  x.created_at = in.take_time_from(id_time(x.id));
  take_job_ids(in, fields, x);
  if (fields & job_name)
    x.name = in.take_string();
  if (fields & job_queue)
    x.queue = in.take_string();
  if (fields & job_priority)
    x.priority = in.take_byte();
  if (fields & job_depth)
    x.depth = static_cast<uint16_t>(in.take_varint(UINT16_MAX));
  if (fields & job_run_at)
    x.run_at = in.take_time_from(x.created_at);
  if (fields & job_retry)
    x.retry = in.take_retry();
  if (fields & job_config)
    x.config = in.take_string();
  if (fields & job_metadata)
    x.metadata = in.take_string();
  if (fields & job_tags)
    x.tags = in.take_strings();
  if (fields & job_unique_key)
    x.unique_key = in.take_string();
  if (fields & job_expires_at)
    x.expires_at = in.take_time_from(x.created_at);
  if (fields & job_limit_key)
    x.limit_key = in.take_string();
  if (fields & job_timeout)
    x.timeout = std::chrono::milliseconds{in.take_varint(INT64_MAX)};
  return in.done();
}

uint64_t fields_of(const job_event& x) {
  uint64_t result = 0;
  auto add = [&](bool present, event_field field) {
    if (present)
      result |= field;
  };
  add(x.epoch != 0, event_epoch);
  add(x.attempt != 0, event_attempt);
  add(x.started_at != timestamp{}, event_started_at);
  add(!x.error.empty(), event_error);
  add(x.result_count != 0, event_result_count);
  add(x.children != child_counts{}, event_children);
  add(!x.result.empty(), event_result);
  add(x.reason != failure_reason::none, event_reason);
  return result;
}

void encode_children(std::string& out, const child_counts& x) {
  for (auto count :
       {x.pending, x.running, x.completed, x.failed, x.cancelled, x.documents})
    put_varint(out, count);
}

void take_children(record_reader& in, child_counts& x) {
  for (auto* count : {&x.pending, &x.running, &x.completed, &x.failed,
                      &x.cancelled, &x.documents})
    *count = in.take_varint();
}

/// @param node where an attempt starts, if it does so on another machine.
void encode_event(std::string& out, const job_event& x,
                  std::string_view node = {}) {
  auto fields = fields_of(x);
  if (!node.empty())
    fields |= event_node;
  put_byte(out, record_version);
  put_varint(out, fields);
  put_byte(out, static_cast<uint8_t>(x.status));
  put_time_from(out, id_time(x.id), x.at);
  if (fields & event_epoch)
    put_varint(out, x.epoch);
  if (fields & event_attempt)
    put_varint(out, x.attempt);
  if (fields & event_started_at)
    put_time_from(out, x.at, x.started_at);
  if (fields & event_error)
    put_string(out, x.error);
  if (fields & event_result_count)
    put_varint(out, x.result_count);
  if (fields & event_children)
    encode_children(out, x.children);
  if (fields & event_result)
    put_string(out, x.result);
  if (fields & event_reason)
    put_byte(out, static_cast<uint8_t>(x.reason));
  if (fields & event_node)
    put_string(out, node);
}

/// @param node if given: becomes the name behind a start, or "".
bool decode_event(std::string_view val, job_event& x,
                  std::string* node = nullptr) {
  record_reader in{val};
  in.expect(record_version);
  auto fields = in.take_varint(event_fields_end - 1);
  x.status = in.take_enum<job_status>(job_status_count);
  x.at = in.take_time_from(id_time(x.id));
  if (fields & event_epoch)
    x.epoch = in.take_varint();
  if (fields & event_attempt)
    x.attempt = static_cast<uint32_t>(in.take_varint(UINT32_MAX));
  if (fields & event_started_at)
    x.started_at = in.take_time_from(x.at);
  if (fields & event_error)
    x.error = in.take_string();
  if (fields & event_result_count)
    x.result_count = in.take_varint();
  if (fields & event_children)
    take_children(in, x.children);
  if (fields & event_result)
    x.result = in.take_string();
  if (fields & event_reason)
    x.reason = in.take_enum<failure_reason>(failure_reason_count);
  std::string by;
  if (fields & event_node)
    by = in.take_string();
  const bool fits = by.empty() || x.status == job_status::running;
  if (node != nullptr)
    *node = std::move(by);
  return in.done() && fits;
}

/// Collects the ids that end the keys of an index.
struct id_collector {
  size_t limit;
  size_t key_bytes; ///< Of a sound key.
  std::vector<job_id>& out;
  status error = {};

  bool operator()(std::string_view key, std::string_view) {
    if (out.size() == limit)
      return false;
    if (key.size() != key_bytes) {
      error = damaged(key);
      return false;
    }
    out.push_back(job_id_from_bytes(key.substr(key_bytes - 16)));
    return true;
  }
};

} // namespace

// -- jobs ---------------------------------------------------------------------

void put_job(write_batch& out, const queue_job& x) {
  encode_job(out.begin_put(job_key(x.id)), x);
  out.end_put();
  if (x.parent_id)
    out.put(fixed_key{table::children}.add(x.parent_id).add(x.id), {});
}

status read_job(const store& db, const job_id& id, queue_job& out) {
  queue_job found;
  found.id = id;
  auto result = read_record(db, job_key(id), [&](std::string_view val) {
    return decode_job(val, found);
  });
  if (result.ok())
    out = std::move(found);
  return result;
}

bool has_job(const store& db, const job_id& id) {
  std::string val;
  return db.read(job_key(id), val).ok();
}

status read_children(const store& db, const job_id& parent, const job_id& after,
                     size_t limit, std::vector<job_id>& out) {
  out.clear();
  auto prefix = fixed_key{table::children}.add(parent);
  auto from = prefix;
  if (after)
    from.add(after).add_byte(0); // The first key behind it.
  id_collector collect{limit, 33, out};
  auto result = for_each(db, prefix, std::ref(collect), from);
  return collect.error.ok() ? result : collect.error;
}

// -- events -------------------------------------------------------------------

void put_event(write_batch& out, uint32_t n, const job_event& x) {
  encode_event(out.begin_put(event_key(x.id, n)), x);
  out.end_put();
}

void put_start(write_batch& out, uint32_t n, const job_event& x,
               std::string_view node) {
  encode_event(out.begin_put(event_key(x.id, n)), x, node);
  out.end_put();
}

status read_start_node(const store& db, const job_id& id, uint32_t n,
                       std::string& node) {
  node.clear();
  job_event ignored;
  ignored.id = id;
  return read_record(db, event_key(id, n), [&](std::string_view val) {
    return decode_event(val, ignored, &node);
  });
}

status read_events(const store& db, const job_id& id,
                   std::vector<job_event>& out, uint32_t* next) {
  out.clear();
  if (next != nullptr)
    *next = 1;
  status error;
  auto result = for_each(
    db, job_key(id),
    [&](std::string_view key, std::string_view val) {
      job_event found;
      found.id = id;
      if (part_of(key) != job_part::event || !decode_event(val, found)) {
        error = damaged(key);
        return false;
      }
      out.push_back(std::move(found));
      if (next != nullptr)
        *next = record_reader{key.substr(key.size() - 4)}.take_be32() + 1;
      return true;
    },
    event_key(id, 0)); // Behind the record.
  return error.ok() ? result : error;
}

status check_job_entry(std::string_view key, std::string_view val) {
  const auto part = part_of(key);
  queue_job job;
  job_event event;
  if (part != job_part::unknown)
    job.id = event.id = job_id_from_bytes(key.substr(1, job.id.bytes.size()));
  const bool sound = (part == job_part::record && decode_job(val, job))
                     || (part == job_part::event && decode_event(val, event));
  return sound ? status{} : damaged(key);
}

// -- active runs --------------------------------------------------------------

void put_active(write_batch& out, const job_id& manager) {
  out.put(fixed_key{table::active}.add(manager), {});
}

void remove_active(write_batch& out, const job_id& manager) {
  out.remove(fixed_key{table::active}.add(manager));
}

status read_active(const store& db, std::vector<job_id>& out) {
  out.clear();
  id_collector collect{SIZE_MAX, 17, out};
  auto result = for_each(db, fixed_key{table::active}, std::ref(collect));
  return collect.error.ok() ? result : collect.error;
}

} // namespace quaero::storage
