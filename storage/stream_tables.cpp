#include "storage/stream_tables.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace quaero::storage {

namespace {

constexpr size_t run_key_bytes = 25;
constexpr size_t daemon_key_bytes = 9;

// Parts of an event that are there, or are found as the bit says.
enum event_field : uint32_t {
  of_base = 1 << 0, ///< The job is the run itself.
  of_step = 1 << 1, ///< The job is the step.
  new_step = 1 << 2,
  same_step = 1 << 3,
  same_type = 1 << 4,
  has_epoch = 1 << 5,
  first_attempt = 1 << 6,
  has_attempt = 1 << 7,
  has_started = 1 << 8,
  has_error = 1 << 9,
  has_count = 1 << 10,
  has_children = 1 << 11,
  outside = 1 << 12, ///< Of any run.
  fields_end = 1 << 13,
};

// What begins an entry: even is a number of lines (times two), odd is:
enum entry_kind : uint64_t {
  kind_event = 1,
  kind_references = 3, ///< In the daemon's stream only.
};

fixed_key run_key(const job_id& run, uint64_t last) {
  return fixed_key{table::run_stream}.add(run).add_be64(last);
}

fixed_key daemon_key(uint64_t last) {
  return fixed_key{table::daemon_stream}.add_be64(last);
}

std::string begin_key() {
  return text_key(table::meta, "stream");
}

uint32_t fields_of(const stream_context& before, const job_event& x,
                   const job_id& step, const std::string& type) {
  uint32_t out = 0;
  auto set
    = [&](event_field bit, bool is_set) { out |= is_set ? uint32_t{bit} : 0u; };
  set(same_step, step && step == before.step);
  set(new_step, step && step != before.step);
  set(of_base, x.id == before.base);
  set(of_step, step && x.id == step && x.id != before.base);
  set(same_type, type == before.type);
  set(has_epoch, x.epoch != 0);
  set(first_attempt, x.attempt == 1);
  set(has_attempt, x.attempt > 1);
  set(has_started, x.started_at != timestamp{});
  set(has_error, !x.error.empty());
  set(has_count, x.result_count != 0);
  set(has_children, x.children != child_counts{});
  return out;
}

void put_event_body(std::string& out, stream_context& before,
                    const job_event& x, job_status from, bool in_run,
                    const job_id& step, const std::string& type) {
  const auto fields
    = fields_of(before, x, step, type) | (in_run ? 0u : uint32_t{outside});
  put_byte(out, static_cast<uint8_t>(static_cast<unsigned>(x.status)
                                     | static_cast<unsigned>(from) << 4));
  put_varint(out, fields);
  put_time_from(out, before.at, x.at);
  before.at = x.at;
  if (fields & new_step)
    put_id(out, step);
  before.step = step;
  if (!(fields & (of_base | of_step)))
    put_id(out, x.id);
  if (!(fields & same_type)) {
    put_string(out, type);
    before.type = type;
  }
  if (fields & has_epoch) {
    put_signed(out, static_cast<int64_t>(x.epoch - before.epoch));
    before.epoch = x.epoch;
  }
  if (fields & has_attempt)
    put_varint(out, x.attempt);
  if (fields & has_started)
    put_time_from(out, x.at, x.started_at);
  if (fields & has_error)
    put_string(out, cut_stream_error(x.error));
  if (fields & has_count)
    put_varint(out, x.result_count);
  if (fields & has_children)
    for (auto n :
         {x.children.pending, x.children.running, x.children.completed,
          x.children.failed, x.children.cancelled, x.children.documents})
      put_varint(out, n);
}

void take_event_body(record_reader& in, stream_context& before,
                     stream_event& out) {
  auto& x = out.event;
  const auto moved = in.take_byte();
  if ((moved & 15) >= job_status_count || (moved >> 4) >= job_status_count)
    in.fail();
  x.status = static_cast<job_status>(moved & 15);
  out.from = static_cast<job_status>(moved >> 4);
  const auto fields = in.take_varint(fields_end - 1);
  x.at = before.at = in.take_time_from(before.at);
  if (fields & new_step)
    before.step = in.take_id();
  else if (!(fields & same_step))
    before.step = {};
  out.step = before.step;
  x.id = fields & of_base   ? before.base
         : fields & of_step ? out.step
                            : in.take_id();
  if (!(fields & same_type))
    before.type = in.take_string();
  out.type = before.type;
  out.manager = fields & outside ? job_id{} : before.base;
  if (fields & has_epoch)
    x.epoch = before.epoch += static_cast<uint64_t>(in.take_signed());
  x.attempt = fields & first_attempt ? 1 : 0;
  if (fields & has_attempt)
    x.attempt = static_cast<uint32_t>(in.take_varint(UINT32_MAX));
  if (fields & has_started)
    x.started_at = in.take_time_from(x.at);
  if (fields & has_error)
    x.error = in.take_string();
  if (fields & has_count)
    x.result_count = in.take_varint();
  if (fields & has_children)
    for (auto* n :
         {&x.children.pending, &x.children.running, &x.children.completed,
          &x.children.failed, &x.children.cancelled, &x.children.documents})
      *n = in.take_varint();
}

enum class walk : uint8_t { more, stopped, damaged };

/// Takes a record of a run's stream apart, as far as `f` wants it.
walk walk_run_block(std::string_view key, std::string_view val, uint64_t after,
                    const stream_visitor& f) {
  if (key.size() != run_key_bytes)
    return walk::damaged;
  record_reader key_in{key.substr(1)};
  const auto run = key_in.take_id();
  const auto last = key_in.take_be64();
  record_reader in{val};
  in.expect(record_version);
  const auto count = in.take_varint(last);
  stream_context before{run};
  auto sequence = last - count;
  while (!in.failed() && sequence < last) {
    const auto kind = in.take_varint();
    stream_item x;
    if (kind == kind_event) {
      take_event_body(in, before, x.happened);
      x.sequence = ++sequence;
      if (!in.failed() && sequence > after && !f(std::move(x)))
        return walk::stopped;
      continue;
    }
    if (kind % 2 != 0 || kind == 0 || kind / 2 > last - sequence)
      return walk::damaged;
    x.is_line = true;
    x.owner = in.take_byte() == 0 ? run : in.take_id();
    const auto first = in.take_varint();
    const auto from = sequence;
    sequence += kind / 2;
    if (in.failed())
      break;
    for (auto i = std::max(from, after); i < sequence; ++i) {
      x.sequence = i + 1;
      x.index = first + (i - from);
      if (!f(stream_item{x}))
        return walk::stopped;
    }
  }
  return in.done() ? walk::more : walk::damaged;
}

/// The whole record. One of more entries than a commit may have is damaged.
bool read_run_block(std::string_view key, std::string_view val,
                    std::vector<stream_item>& out) {
  constexpr size_t entries_max = 10'000'000;
  out.clear();
  return walk_run_block(key, val, 0,
                        [&](stream_item&& x) {
                          out.push_back(std::move(x));
                          return out.size() < entries_max;
                        })
         == walk::more;
}

/// Walks the records of the daemon's stream and follows their references.
class daemon_reader {
public:
  daemon_reader(const store& db, uint64_t after, const stream_visitor& f)
    : db_{db}, after_{after}, f_{f} {}

  status error;

  bool operator()(std::string_view key, std::string_view val) {
    if (key.size() != daemon_key_bytes) {
      error = damaged(key);
      return false;
    }
    const auto last = record_reader{key.substr(1)}.take_be64();
    record_reader in{val};
    in.expect(record_version);
    const auto count = in.take_varint(last);
    stream_context before{job_id{}};
    sequence_ = last - count;
    bool more = true;
    while (more && !in.failed() && sequence_ < last)
      more = take_entry(in, before);
    if (error.ok() && (in.failed() || (more && !in.done())))
      error = damaged(key);
    return more && error.ok();
  }

private:
  bool take_entry(record_reader& in, stream_context& before) {
    stream_item x;
    switch (in.take_varint()) {
      case kind_event:
        take_event_body(in, before, x.happened);
        return give(std::move(x));
      case kind_references:
        return take_references(in);
      default:
        in.fail();
        return false;
    }
  }

  bool take_references(record_reader& in) {
    const auto run = in.take_id();
    const auto last = in.take_varint();
    const auto first = in.take_varint();
    const auto n = in.take_varint();
    if (in.failed())
      return false;
    if (run != run_ || last != last_)
      load(run, last);
    for (auto i = first; i < first + n; ++i) {
      if (i >= events_.size()) { // of a run that was removed
        sequence_ += first + n - i;
        break;
      }
      if (!give(stream_item{events_[i]}))
        return false;
    }
    return error.ok();
  }

  void load(const job_id& run, uint64_t last) {
    run_ = run;
    last_ = last;
    events_.clear();
    const auto key = run_key(run, last);
    std::vector<stream_item> items;
    auto result = read_record(db_, key, [&](std::string_view val) {
      return read_run_block(key, val, items);
    });
    if (!result.ok() && result.code != errc::not_found)
      error = result;
    for (auto& x : items)
      if (!x.is_line)
        events_.push_back(std::move(x));
  }

  bool give(stream_item&& x) {
    x.sequence = ++sequence_;
    return x.sequence <= after_ || f_(std::move(x));
  }

  const store& db_;
  const uint64_t after_;
  const stream_visitor& f_;
  uint64_t sequence_ = 0;
  job_id run_; ///< Whose record was read last.
  uint64_t last_ = 0;
  std::vector<stream_item> events_; ///< Of that record.
};

/// The one event of a job that had no other.
status read_short_stream(const store& db, const job_id& job, uint64_t after,
                         const stream_visitor& f) {
  queue_job record;
  auto result = read_job(db, job, record);
  if (result.code == errc::not_found || after > 0)
    return {};
  std::vector<job_event> events;
  if (result.ok() && !record.manager_id)
    result = read_events(db, job, events);
  if (!result.ok() || events.size() != 1 || !is_terminal(events[0].status))
    return result;
  events[0].result.clear();
  f({1,
     false,
     {},
     0,
     {std::move(events[0]), job_status::pending, {}, {}, record.type}});
  return {};
}

} // namespace

stream_context::stream_context(const job_id& x) : base{x}, at{id_time(x)} {}

// -- writing ------------------------------------------------------------------

std::string_view cut_stream_error(std::string_view x) {
  if (x.size() <= stream_error_bytes_max)
    return x;
  size_t end = stream_error_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(x[end]) & 0xC0) == 0x80)
    --end;
  return x.substr(0, end);
}

void stream_block::add_line(const job_id& owner, uint64_t index) {
  if (lines_ != 0 && (owner != owner_ || index != first_index_ + lines_))
    end_lines();
  if (lines_ == 0) {
    owner_ = owner;
    first_index_ = index;
  }
  ++lines_;
  ++count_;
}

void stream_block::end_lines() {
  if (lines_ == 0)
    return;
  put_varint(body_, lines_ * 2);
  put_byte(body_, owner_ != run_);
  if (owner_ != run_)
    put_id(body_, owner_);
  put_varint(body_, first_index_);
  lines_ = 0;
}

void stream_block::add_event(const job_event& x, job_status from, bool in_run,
                             const job_id& step, const std::string& type) {
  end_lines();
  put_varint(body_, kind_event);
  put_event_body(body_, before_, x, from, in_run, step, type);
  ++count_;
}

void stream_block::put(write_batch& out, uint64_t last) {
  end_lines();
  auto& val = out.begin_put(run_key(run_, last));
  put_byte(val, record_version);
  put_varint(val, count_);
  val.append(body_);
  out.end_put();
}

void daemon_block::add_reference(const job_id& run, uint64_t last,
                                 uint64_t nth) {
  if (references_ != 0
      && (run != run_ || last != last_ || nth != first_ + references_))
    end_references();
  if (references_ == 0) {
    run_ = run;
    last_ = last;
    first_ = nth;
  }
  ++references_;
  ++count_;
}

void daemon_block::end_references() {
  if (references_ == 0)
    return;
  put_varint(body_, kind_references);
  put_id(body_, run_);
  put_varint(body_, last_);
  put_varint(body_, first_);
  put_varint(body_, references_);
  references_ = 0;
}

void daemon_block::add_event(const job_event& x, job_status from,
                             const std::string& type) {
  end_references();
  put_varint(body_, kind_event);
  put_event_body(body_, before_, x, from, false, {}, type);
  ++count_;
}

void daemon_block::put(write_batch& out, uint64_t last) {
  end_references();
  auto& val = out.begin_put(daemon_key(last));
  put_byte(val, record_version);
  put_varint(val, count_);
  val.append(body_);
  out.end_put();
}

// -- reading ------------------------------------------------------------------

status read_stream_end(const store& db, const job_id& run, uint64_t& last) {
  last = 0;
  status error;
  auto prefix = fixed_key{run ? table::run_stream : table::daemon_stream};
  if (run)
    prefix.add(run);
  const auto bytes = run ? run_key_bytes : daemon_key_bytes;
  auto result
    = for_each_reverse(db, prefix, [&](std::string_view key, std::string_view) {
        if (key.size() != bytes)
          error = damaged(key);
        else
          last = record_reader{key.substr(bytes - 8)}.take_be64();
        return false;
      });
  if (run && last == 0 && result.ok() && error.ok())
    result = read_short_stream(db, run, 0, [&](stream_item&& x) {
      last = x.sequence;
      return false;
    });
  return error.ok() ? result : error;
}

status read_stream(const store& db, const job_id& run, uint64_t after,
                   const stream_visitor& f) {
  if (after == UINT64_MAX)
    return {};
  status error;
  bool found = false;
  auto result = for_each(
    db, fixed_key{table::run_stream}.add(run),
    [&](std::string_view key, std::string_view val) {
      found = true;
      const auto how = walk_run_block(key, val, after, f);
      if (how == walk::damaged)
        error = damaged(key);
      return how == walk::more;
    },
    run_key(run, after + 1));
  if (!found && result.ok() && after == 0)
    result = read_short_stream(db, run, after, f);
  return error.ok() ? result : error;
}

status read_stream_back(const store& db, const job_id& run,
                        const stream_visitor& f) {
  status error;
  bool found = false;
  std::vector<stream_item> items;
  auto result
    = for_each_reverse(db, fixed_key{table::run_stream}.add(run),
                       [&](std::string_view key, std::string_view val) {
                         found = true;
                         if (!read_run_block(key, val, items)) {
                           error = damaged(key);
                           return false;
                         }
                         for (auto i = items.rbegin(); i != items.rend(); ++i)
                           if (!f(std::move(*i)))
                             return false;
                         return true;
                       });
  if (!found && result.ok())
    result = read_short_stream(db, run, 0, f);
  return error.ok() ? result : error;
}

status read_daemon_stream(const store& db, uint64_t after,
                          const stream_visitor& f) {
  if (after == UINT64_MAX)
    return {};
  daemon_reader visit{db, after, f};
  auto result = for_each(db, fixed_key{table::daemon_stream}, std::ref(visit),
                         daemon_key(after + 1));
  return visit.error.ok() ? result : visit.error;
}

// -- removing -----------------------------------------------------------------

status trim_daemon_stream(const store& db, write_batch& out, uint64_t keep,
                          uint64_t& begin) {
  const auto old = begin;
  status error;
  auto result = for_each(
    db, fixed_key{table::daemon_stream},
    [&](std::string_view key, std::string_view) {
      if (key.size() != daemon_key_bytes) {
        error = damaged(key);
        return false;
      }
      const auto last = record_reader{key.substr(1)}.take_be64();
      if (last > keep)
        return false;
      out.remove(key);
      begin = last;
      return true;
    },
    daemon_key(begin + 1)); // never over what was removed before
  if (begin != old) {
    auto& val = out.begin_put(begin_key());
    put_byte(val, record_version);
    put_varint(val, begin);
    out.end_put();
  }
  return error.ok() ? result : error;
}

status read_daemon_stream_begin(const store& db, uint64_t& begin) {
  begin = 0;
  auto result = read_record(db, begin_key(), [&](std::string_view val) {
    record_reader in{val};
    in.expect(record_version);
    begin = in.take_varint();
    return in.done();
  });
  return result.code == errc::not_found ? status{} : result;
}

status remove_stream(const store& db, write_batch& out, const job_id& run) {
  return for_each(db, fixed_key{table::run_stream}.add(run),
                  [&](std::string_view key, std::string_view) {
                    out.remove(key);
                    return true;
                  });
}

} // namespace quaero::storage
