#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/table_checks.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <functional>

namespace quaero::storage {

namespace {

constexpr uint8_t log_origin_count = 4;
constexpr size_t log_key_bytes = 25;
constexpr size_t job_log_key_bytes = 25;

// Whose line it is; an id that is absent is found as the bit says, or is none.
enum line_field : uint8_t {
  line_job = 1 << 0, ///< Absent: the owner.
  line_manager = 1 << 1,
  line_manager_is_owner = 1 << 2,
  line_fields_end = 1 << 3,
};

fixed_key log_key(const job_id& owner, uint64_t index) {
  return fixed_key{table::log}.add(owner).add_be64(index);
}

uint8_t fields_of(const log_line& x) {
  unsigned result = 0;
  if (x.job != x.owner)
    result |= line_job;
  if (x.manager)
    result |= x.manager == x.owner ? line_manager_is_owner : line_manager;
  return static_cast<uint8_t>(result);
}

void encode(std::string& out, const log_entry& x) {
  auto fields = fields_of(x.line);
  put_byte(out, record_version);
  put_byte(out, static_cast<uint8_t>(x.line.level));
  put_byte(out, static_cast<uint8_t>(x.line.origin));
  put_byte(out, fields);
  put_varint(out, x.sequence);
  put_time_from(out, id_time(x.line.owner), x.line.at);
  for (auto total : x.totals)
    put_varint(out, total);
  if (fields & line_job)
    put_id(out, x.line.job);
  if (fields & line_manager)
    put_id(out, x.line.manager);
  out.append(x.line.message);
}

bool decode(std::string_view key, std::string_view val, log_entry& x) {
  if (key.size() != log_key_bytes)
    return false;
  record_reader key_in{key.substr(1)};
  auto& line = x.line;
  line.owner = key_in.take_id();
  x.index = key_in.take_be64();
  record_reader in{val};
  in.expect(record_version);
  line.level = in.take_enum<log_level>(log_level_count);
  line.origin = in.take_enum<log_origin>(log_origin_count);
  auto fields = in.take_byte();
  if (fields >= line_fields_end)
    in.fail();
  x.sequence = in.take_varint();
  line.at = in.take_time_from(id_time(line.owner));
  for (auto& total : x.totals)
    total = in.take_varint();
  line.job = fields & line_job ? in.take_id() : line.owner;
  if (fields & line_manager)
    line.manager = in.take_id();
  else if (fields & line_manager_is_owner)
    line.manager = line.owner;
  line.message = in.take_rest();
  return in.done();
}

/// An entry of the index job -> line.
struct line_place {
  log_level level = log_level::debug;
  job_id owner;
  uint64_t index = 0;
};

void put_place(write_batch& out, const log_entry& x) {
  auto& val = out.begin_put(
    fixed_key{table::job_log}.add(x.line.job).add_be64(x.sequence));
  put_byte(val, static_cast<uint8_t>(x.line.level));
  put_varint(val, x.index);
  if (x.line.owner != x.line.job)
    put_id(val, x.line.owner);
  out.end_put();
}

bool decode_place(std::string_view val, const job_id& job, line_place& x) {
  record_reader in{val};
  x.level = in.take_enum<log_level>(log_level_count);
  x.index = in.take_varint();
  if (in.done()) {
    x.owner = job;
    return true;
  }
  x.owner = in.take_id();
  return in.done();
}

/// How many lines of `level` and above there are up to and with this one.
uint64_t matches(const log_entry& x, log_level level) {
  uint64_t result = 0;
  for (auto i = static_cast<size_t>(level); i < log_level_count; ++i)
    result += x.totals[i];
  return result;
}

using record_visitor = std::function<bool(std::string_view, std::string_view)>;

/// Visits the lines from the newest below `query.before`, or from the oldest
/// above `query.after`.
status walk_log(const store& db, const job_id& owner, const log_query& query,
                const record_visitor& f) {
  auto prefix = fixed_key{table::log}.add(owner);
  if (!query.newest)
    return for_each(db, prefix, f, log_key(owner, query.after + 1));
  auto end = log_key(owner, query.before);
  return for_each_reverse(db, prefix, f,
                          query.before ? end.view() : std::string_view{});
}

bool in_bounds(uint64_t index, const log_query& query) {
  return index > query.after && (!query.before || index < query.before);
}

/// Nothing can match.
bool is_void(const log_query& query) {
  return query.limit == 0 || query.after == UINT64_MAX;
}

/// Collects the lines of one log that match.
struct line_collector {
  const log_query& query;
  std::vector<log_entry>& out;
  status error = {};

  bool operator()(std::string_view key, std::string_view val) {
    log_entry found;
    if (!decode(key, val, found)) {
      error = damaged(key);
      return false;
    }
    if (!in_bounds(found.index, query))
      return false;
    bool wanted = found.line.level >= query.level;
    bool more = !query.newest || query.level == log_level::debug
                || matches(found, query.level) > uint64_t{wanted};
    if (wanted)
      out.push_back(std::move(found));
    return more && out.size() < query.limit;
  }
};

/// Finds the places of one job's lines that match.
status find_places(const store& db, const job_id& job, const log_query& query,
                   std::vector<line_place>& out) {
  status error;
  auto visit = [&](std::string_view key, std::string_view val) {
    line_place found;
    if (key.size() != job_log_key_bytes || !decode_place(val, job, found)) {
      error = damaged(key);
      return false;
    }
    if (found.level >= query.level && in_bounds(found.index, query))
      out.push_back(found);
    return out.size() < query.limit;
  };
  auto prefix = fixed_key{table::job_log}.add(job);
  auto result = query.newest ? for_each_reverse(db, prefix, visit)
                             : for_each(db, prefix, visit);
  return error.ok() ? result : error;
}

status read_line(const store& db, const line_place& place, log_entry& out) {
  auto key = log_key(place.owner, place.index);
  auto result = read_record(
    db, key, [&](std::string_view val) { return decode(key, val, out); });
  // Lines are never removed: the index is wrong.
  return result.code == errc::not_found ? damaged(key) : result;
}

} // namespace

void put_log_entry(write_batch& out, const log_entry& x) {
  encode(out.begin_put(log_key(x.line.owner, x.index)), x);
  out.end_put();
  put_place(out, x);
}

status read_last_log_entry(const store& db, const job_id& owner,
                           std::optional<log_entry>& out) {
  std::vector<log_entry> found;
  log_query query;
  query.level = log_level::debug;
  query.limit = 1;
  auto result = read_log(db, owner, query, found);
  out.reset();
  if (result.ok() && !found.empty())
    out = std::move(found.front());
  return result;
}

status read_log(const store& db, const job_id& owner, const log_query& query,
                std::vector<log_entry>& out) {
  out.clear();
  if (is_void(query))
    return {};
  line_collector collect{query, out};
  auto result = walk_log(db, owner, query, std::ref(collect));
  if (query.newest)
    std::reverse(out.begin(), out.end());
  return collect.error.ok() ? result : collect.error;
}

status read_job_log(const store& db, const job_id& job, const log_query& query,
                    std::vector<log_entry>& out) {
  out.clear();
  if (is_void(query))
    return {};
  std::vector<line_place> places;
  if (auto result = find_places(db, job, query, places); !result.ok())
    return result;
  if (query.newest)
    std::reverse(places.begin(), places.end());
  for (auto& place : places) {
    log_entry found;
    if (auto result = read_line(db, place, found); !result.ok())
      return result;
    out.push_back(std::move(found));
  }
  return {};
}

status check_line_place(const store& db, std::string_view key,
                        std::string_view val) {
  if (key.size() != job_log_key_bytes)
    return damaged(key);
  record_reader in{key.substr(1)};
  const auto job = in.take_id();
  const auto sequence = in.take_be64();
  line_place place;
  log_entry line;
  if (!decode_place(val, job, place))
    return damaged(key);
  auto result = read_line(db, place, line);
  const bool same = line.line.job == job && line.sequence == sequence
                    && line.line.level == place.level;
  return result.ok() && !same ? damaged(key) : result;
}

} // namespace quaero::storage
