#include "actors/run_streams.hpp"

#include <utility>

namespace quaero {

storage::status run_streams::open(stream_config config,
                                  std::shared_ptr<const storage::store> db) {
  config_ = config;
  db_ = std::move(db);
  auto result = storage::read_stream_end(*db_, {}, last_event_);
  if (result.ok())
    result = storage::read_daemon_stream_begin(*db_, begin_);
  return result;
}

/// A job outside of any run of which nothing was told before. Its stream needs
/// no record: the job's own event says all.
bool run_streams::is_short(const job_event& x, const event_place& place) {
  return !place.manager && place.from == job_status::pending
         && is_terminal(x.status) && x.attempt == 1;
}

run_streams::part& run_streams::part_of(const job_id& run, bool is_new) {
  // Neighbours are of the same run, nearly always.
  if (!parts_.empty() && parts_.back().block.run() == run)
    return parts_.back();
  auto [i, added] = ends_.try_emplace(run);
  auto& known = i->second;
  if (known.commit == commit_)
    return parts_[known.part];
  if (added && !is_new) {
    auto result = storage::read_stream_end(*db_, run, known.last);
    if (!result.ok())
      error_ = std::move(result);
  }
  known.commit = commit_;
  known.part = static_cast<uint32_t>(parts_.size());
  parts_.push_back({storage::stream_block{run}, known.last, 0, false});
  return parts_.back();
}

void run_streams::add_lines(event_block& block) {
  block.line_numbers.reserve(block.lines.size());
  for (const auto& entry : block.lines) {
    auto& where = part_of(stream_of(entry.line), false);
    where.block.add_line(entry.line.owner, entry.index);
    block.line_numbers.push_back(where.before + where.block.count());
  }
}

void run_streams::add_events(event_block& block) {
  const auto n = block.events.size();
  block.event_numbers.reserve(n);
  part_of_event_.assign(n, UINT32_MAX);
  nth_event_.assign(n, 0);
  for (size_t i = 0; i < n; ++i) {
    auto& event = block.events[i];
    const auto& place = block.places[i];
    const auto& run = stream_of(event, place);
    // Who hears it live and who reads it later get the same.
    if (event.error.size() > storage::stream_error_bytes_max)
      event.error.resize(storage::cut_stream_error(event.error).size());
    if (is_short(event, place) && ends_.count(run) == 0) {
      block.event_numbers.push_back(1);
      continue;
    }
    // The first start of a job outside of any run is the first of its stream.
    const bool is_new = !place.manager && event.attempt == 1
                        && place.from == job_status::pending;
    auto& where = part_of(run, is_new);
    where.block.add_event(event, place.from, static_cast<bool>(place.manager),
                          place.step, place.type);
    where.over |= !place.manager && is_terminal(event.status);
    part_of_event_[i] = static_cast<uint32_t>(&where - parts_.data());
    nth_event_[i] = where.events++;
    block.event_numbers.push_back(where.before + where.block.count());
  }
}

void run_streams::put_daemon_block(const event_block& block,
                                   storage::write_batch& out) {
  storage::daemon_block all;
  for (size_t i = 0; i < block.events.size(); ++i) {
    const auto& place = block.places[i];
    if (!place.manager) {
      all.add_event(block.events[i], place.from, place.type);
      continue;
    }
    const auto& where = parts_[part_of_event_[i]];
    all.add_reference(place.manager, where.before + where.block.count(),
                      nth_event_[i]);
  }
  last_event_ += block.events.size();
  all.put(out, last_event_);
}

storage::status run_streams::number(event_block& block,
                                    storage::write_batch& out) {
  if (block.events.empty() && block.lines.empty())
    return {};
  ++commit_;
  parts_.clear();
  error_ = {};
  add_lines(block);
  add_events(block);
  if (!block.events.empty()) {
    block.first_event = last_event_ + 1;
    put_daemon_block(block, out);
  }
  for (auto& x : parts_) {
    const auto last = x.before + x.block.count();
    x.block.put(out, last);
    if (x.over)
      ends_.erase(x.block.run());
    else
      ends_[x.block.run()].last = last;
  }
  const auto kept = last_event_ - begin_;
  if (error_.ok()
      && kept > config_.events_kept_max + config_.events_kept_max / 8)
    return trim(out);
  return error_;
}

storage::status run_streams::trim(storage::write_batch& out) {
  return storage::trim_daemon_stream(
    *db_, out, last_event_ - config_.events_kept_max, begin_);
}

} // namespace quaero
