#include "storage/format.hpp"

#include "definitions/log.hpp"
#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/number_record.hpp"
#include "storage/table_checks.hpp"

#include <string>

namespace quaero::storage {

namespace {

constexpr size_t batch_bytes_max = 1 << 20;
constexpr uint64_t records_a_line = 1'000'000;

// Where format 1 had jobs, events, and the list of jobs without a parent.
constexpr char jobs_of_1 = 'j';
constexpr char events_of_1 = 'e';
constexpr char roots_of_1 = 'r';

std::string format_key() {
  return text_key(table::meta, "format");
}

/// There while records are being moved.
std::string moving_key() {
  return text_key(table::meta, "moving");
}

status write_first(store& db) {
  auto first = db.scan();
  first->seek({});
  if (first->valid())
    return {errc::corruption, "the database has no format version"};
  if (auto result = first->state(); !result.ok())
    return result;
  write_batch batch;
  put_number(batch, format_key(), format_version);
  return db.write(batch, true);
}

/// Brings format 1 to format 2: a job's record and its events lie together,
/// behind all else, and the index of jobs, which is made anew, has the list of
/// those without a parent.
class job_mover {
public:
  /// @param begun an earlier start was ended in between.
  job_mover(store& db, bool begun) : db_{db}, moved_before_{begun} {}

  status run() {
    auto result = moved_before_ ? status{} : look();
    if (result.ok())
      result = begin();
    for (char from : {events_of_1, jobs_of_1, roots_of_1})
      if (result.ok())
        result = empty(from);
    if (result.ok())
      result = db_.write(batch_, false);
    if (!result.ok())
      return result;
    for (char from : {events_of_1, jobs_of_1, roots_of_1})
      db_.compact(std::string(1, from), std::string(1, char(from + 1)));
    batch_.clear();
    batch_.remove(moving_key());
    result = db_.write(batch_, true);
    if (!result.ok())
      return result;
    log::info("format.moved", {{"format", format_version}, {"records", seen_}});
    return {};
  }

private:
  /// There is no way back from what begins: nothing does that cannot end.
  status look() const {
    status result;
    for (char from : {events_of_1, jobs_of_1}) {
      status entry;
      if (result.ok())
        result = for_each(db_, std::string(1, from),
                          [&](std::string_view key, std::string_view val) {
                            entry = check_job_entry(key, val);
                            return entry.ok();
                          });
      if (result.ok())
        result = entry;
    }
    return result;
  }

  /// From here on no older program opens the database.
  status begin() {
    log::info("format.moving", {{"format", format_version}});
    put_number(batch_, format_key(), format_version);
    put_number(batch_, moving_key(), 1);
    batch_.remove(text_key(table::meta, "job_index"));
    auto result = db_.write(batch_, true);
    batch_.clear();
    return result;
  }

  status empty(char from) {
    status error;
    auto result = for_each(db_, std::string(1, from),
                           [&](std::string_view key, std::string_view val) {
                             move(key, val);
                             if (batch_.bytes() >= batch_bytes_max) {
                               error = db_.write(batch_, false);
                               batch_.clear();
                             }
                             return error.ok();
                           });
    return error.ok() ? result : error;
  }

  void move(std::string_view key, std::string_view val) {
    if (key.front() != roots_of_1) {
      std::string to{key};
      to.front() = static_cast<char>(table::jobs);
      batch_.put(to, val);
    }
    batch_.remove(key);
    if (++seen_ % records_a_line == 0)
      log::info("format.moving", {{"records", seen_}});
  }

  store& db_;
  const bool moved_before_;
  write_batch batch_;
  uint64_t seen_ = 0;
};

/// @param moving records of an older format are there.
status read_format(const store& db, uint64_t& found, bool& moving) {
  auto result = read_number(db, format_key(), found);
  if (!result.ok())
    return result;
  if (found > format_version)
    return {errc::too_new, "the database has format " + std::to_string(found)
                             + ", this program knows "
                             + std::to_string(format_version)};
  if (found == 0)
    return damaged(format_key());
  std::string ignored;
  const auto mark = db.read(moving_key(), ignored);
  moving = mark.ok() || found < format_version;
  return mark.code == errc::not_found ? status{} : mark;
}

} // namespace

status open_format(store& db) {
  uint64_t found = 0;
  bool moving = false;
  auto result = read_format(db, found, moving);
  if (result.code == errc::not_found)
    return write_first(db);
  return result.ok() && moving ? job_mover{db, found == format_version}.run()
                               : result;
}

status check_format(const store& db) {
  uint64_t found = 0;
  bool moving = false;
  auto result = read_format(db, found, moving);
  if (result.code == errc::not_found)
    return {errc::corruption, "the database has no format version"};
  if (result.ok() && moving)
    return {errc::too_old,
            "the database has format " + std::to_string(found)
              + (found == format_version ? ", but not all of it yet" : "")
              + "; start quaerod with it once, which brings it to format "
              + std::to_string(format_version)};
  return result;
}

} // namespace quaero::storage
