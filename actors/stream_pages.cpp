#include "actors/stream_pages.hpp"

#include "storage/stream_tables.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace quaero {

namespace {

using storage::stream_item;

/// Entries whose lines are looked up together.
constexpr size_t chunk_entries = 256;
/// Steps of a run whose lines a tail counts.
constexpr size_t steps_max = 1000;

stream_entry entry_of(stream_item&& x) {
  stream_entry out;
  out.sequence = x.sequence;
  out.is_line = x.is_line;
  if (!x.is_line) {
    auto& [event, from, manager, step, type] = x.happened;
    out.event = std::move(event);
    out.place = {from, manager, step, std::move(type)};
  }
  return out;
}

/// How many of the items from `i` on are neighbours in one log.
size_t neighbours(const std::vector<stream_item>& items, size_t i) {
  size_t n = 1;
  while (i + n < items.size() && items[i + n].is_line
         && items[i + n].owner == items[i].owner
         && items[i + n].index == items[i].index + n)
    ++n;
  return n;
}

/// Looks the lines up, neighbours at a time.
/// @returns false in `cut` if the page is full before the last item.
storage::status resolve(const storage::store& db,
                        std::vector<stream_item>& items, size_t bytes_max,
                        std::vector<stream_entry>& out, bool& cut) {
  size_t bytes = 0;
  cut = false;
  for (size_t i = 0; i < items.size();) {
    if (bytes > bytes_max) {
      cut = true;
      return {};
    }
    if (!items[i].is_line) {
      bytes += items[i].happened.event.error.size();
      out.push_back(entry_of(std::move(items[i++])));
      continue;
    }
    const auto n = std::min(neighbours(items, i), chunk_entries);
    storage::log_query query;
    query.level = log_level::debug;
    query.limit = n;
    query.newest = false;
    query.after = items[i].index - 1;
    query.before = items[i].index + n;
    std::vector<log_entry> lines;
    auto result = storage::read_log(db, items[i].owner, query, lines);
    if (!result.ok())
      return result;
    for (auto& line : lines) {
      auto& item = items[i + (line.index - items[i].index)];
      auto entry = entry_of(std::move(item));
      bytes += line.line.message.size();
      entry.line = std::move(line);
      out.push_back(std::move(entry));
    }
    i += n;
  }
  return {};
}

/// Lines at a level and above in one log.
storage::status count_lines(const storage::store& db, const job_id& owner,
                            log_level level, uint64_t& total) {
  std::optional<log_entry> last;
  auto result = storage::read_last_log_entry(db, owner, last);
  if (last)
    for (auto i = static_cast<size_t>(level); i < log_level_count; ++i)
      total += last->totals[i];
  return result;
}

storage::status count_lines(const storage::store& db, const job_id& run,
                            const stream_tail& tail, uint64_t& total) {
  if (tail.owner)
    return count_lines(db, tail.owner, tail.level, total);
  std::vector<job_id> steps;
  auto result = storage::read_children(db, run, {}, steps_max, steps);
  if (result.ok())
    result = count_lines(db, run, tail.level, total);
  for (const auto& step : steps)
    if (result.ok())
      result = count_lines(db, step, tail.level, total);
  return result;
}

/// Collects the newest lines that match, from the end of a stream backwards.
class tail_reader {
public:
  tail_reader(const storage::store& db, const stream_tail& wanted,
              const stream_page_limits& limits)
    : db_{db}, wanted_{wanted}, limits_{limits} {}

  storage::status error;

  /// Takes one item.
  /// @returns whether more are wanted.
  bool take(stream_item&& x) {
    newest_ = std::max(newest_, x.sequence);
    ++seen_;
    if (x.is_line && (!wanted_.owner || x.owner == wanted_.owner))
      chunk_.push_back(std::move(x));
    if (chunk_.size() == chunk_entries)
      look_up();
    more_ = found_.size() >= wanted_.lines || seen_ == limits_.tail_scan_max;
    return !more_ && error.ok();
  }

  void finish(stream_page& out) {
    look_up();
    if (found_.size() > wanted_.lines) {
      found_.resize(wanted_.lines);
      more_ = true;
    }
    out.entries.assign(std::make_move_iterator(found_.rbegin()),
                       std::make_move_iterator(found_.rend()));
    out.next = newest_;
    out.more = more_;
  }

private:
  void look_up() {
    std::reverse(chunk_.begin(), chunk_.end());
    std::vector<stream_entry> lines;
    bool cut = false;
    auto result = resolve(db_, chunk_, SIZE_MAX, lines, cut);
    if (!result.ok())
      error = std::move(result);
    chunk_.clear();
    for (auto i = lines.rbegin(); i != lines.rend(); ++i)
      if (i->line.line.level >= wanted_.level
          && (!wanted_.job || i->line.line.job == wanted_.job))
        found_.push_back(std::move(*i));
  }

  const storage::store& db_;
  const stream_tail& wanted_;
  const stream_page_limits& limits_;
  std::vector<stream_item> chunk_;  ///< Descending.
  std::vector<stream_entry> found_; ///< Descending.
  uint64_t newest_ = 0;
  size_t seen_ = 0;
  bool more_ = false;
};

storage::status read_tail(const storage::store& db, const stream_query& query,
                          const stream_page_limits& limits, stream_page& out) {
  tail_reader tail{db, *query.tail, limits};
  auto result = storage::read_stream_back(
    db, query.run, [&](stream_item&& x) { return tail.take(std::move(x)); });
  if (!result.ok())
    return result;
  tail.finish(out);
  out.last = out.next;
  out.total = query.tail->job ? out.entries.size() : 0;
  if (!query.tail->job)
    result = count_lines(db, query.run, *query.tail, out.total);
  return tail.error.ok() ? result : tail.error;
}

} // namespace

storage::status read_stream_page(const storage::store& db,
                                 const stream_query& query,
                                 const stream_page_limits& limits,
                                 stream_page& out) {
  if (query.tail)
    return read_tail(db, query, limits, out);
  auto after = query.after;
  if (!query.run) {
    uint64_t begin = 0;
    auto result = storage::read_daemon_stream_begin(db, begin);
    if (!result.ok())
      return result;
    out.oldest = begin + 1;
    after = std::max(after, begin);
  }
  // Before the entries: what is committed in between is then not taken to be
  // there already.
  auto result = storage::read_stream_end(db, query.run, out.last);
  if (!result.ok())
    return result;
  if (query.after == UINT64_MAX) {
    out.next = out.last;
    return {};
  }
  std::vector<stream_item> items;
  auto take = [&](stream_item&& x) {
    items.push_back(std::move(x));
    return items.size() < query.entries_max;
  };
  result = query.run ? storage::read_stream(db, query.run, after, take)
                     : storage::read_daemon_stream(db, after, take);
  // At the end of the stream, which may end with what was removed with its run.
  const bool at_end = items.size() < query.entries_max;
  if (!items.empty())
    out.next = items.back().sequence;
  if (at_end)
    out.next = std::max(out.next, out.last);
  bool cut = false;
  if (result.ok())
    result = resolve(db, items, limits.bytes_max, out.entries, cut);
  if (cut)
    out.next = out.entries.back().sequence;
  else
    out.last = std::max(out.last, out.next);
  return result;
}

} // namespace quaero
