#include "actors/retention_walk.hpp"

#include "definitions/error.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

caf::error failed(const storage::status& why) {
  return make_error(ec::storage_failed, why.message);
}

retention_limit with_term(retention_limit x, const retention_term& term) {
  x.age = term.age.value_or(x.age);
  x.count = term.count.value_or(x.count);
  return x;
}

/// The greatest id that can have been made before `t`.
job_id last_id_before(timestamp t) {
  const auto ms
    = std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch();
  job_id out;
  out.bytes.fill(0xff);
  for (size_t i = 0; i < 6; ++i)
    out.bytes[i] = static_cast<uint8_t>(ms.count() >> (8 * (5 - i)));
  return out;
}

} // namespace

std::vector<retention_rule>
retention_rules(const retention_limits& all,
                const std::vector<job_definition>& definitions) {
  std::vector<retention_rule> out;
  for (size_t i = 0; i < retained_states.size(); ++i) {
    retention_rule rest{retained_states[i], all[i], "", {}};
    for (const auto& x : definitions) {
      if (x.retention[i].empty())
        continue;
      rest.others.push_back(x.id);
      const auto limit = with_term(all[i], x.retention[i]);
      if (!limit.unlimited())
        out.push_back({retained_states[i], limit, x.id, {}});
    }
    if (!rest.limit.unlimited())
      out.push_back(std::move(rest));
  }
  return out;
}

retention_walk::retention_walk(std::shared_ptr<const storage::store> db,
                               retention_rule rule, timestamp now)
  : db_{std::move(db)}, rule_{std::move(rule)} {
  if (rule_.limit.age.count() > 0)
    ended_before_ = now - rule_.limit.age;
}

retention_walk::~retention_walk() = default;

storage::job_scan retention_walk::scan(list_order order,
                                       const job_id& after) const {
  using storage::facet;
  storage::job_scan out{order, after};
  auto want = [&out](storage::id_stream_ptr x) {
    std::vector<storage::id_stream_ptr> one;
    one.push_back(std::move(x));
    out.want(std::move(one));
  };
  want(storage::scan_roots(*db_, order));
  const bool all = rule_.definition.empty();
  want(storage::scan_postings(*db_, all ? facet::all : facet::definition,
                              rule_.definition, rule_.state, order));
  std::vector<storage::id_stream_ptr> others;
  for (const auto& x : rule_.others)
    others.push_back(
      storage::scan_postings(*db_, facet::definition, x, rule_.state, order));
  if (!others.empty())
    out.exclude(std::move(others));
  return out;
}

/// Whether there can be anything at all: the counts say so.
caf::error retention_walk::begin() {
  using storage::facet;
  storage::state_counts counts{};
  const bool all = rule_.definition.empty();
  auto result = storage::read_job_counts(
    *db_, all ? facet::roots : facet::definition, rule_.definition, counts);
  if (!result.ok())
    return failed(result);
  const auto there = counts[static_cast<size_t>(rule_.state)];
  // Never fewer than the trees that the rule is for.
  bounded_ = rule_.limit.count == 0 || there <= rule_.limit.count;
  done_ = there == 0 || (bounded_ && ended_before_ == timestamp{});
  begun_ = true;
  return caf::none;
}

caf::error retention_walk::find_boundary(uint64_t& looks) {
  auto found = scan(list_order::newest_first, after_);
  job_id id;
  while (true) {
    switch (found.next(looks, id)) {
      case storage::job_scan::outcome::found:
        if (newer_++ < rule_.limit.count)
          break;
        boundary_ = id;
        [[fallthrough]];
      case storage::job_scan::outcome::end:
        bounded_ = true;
        after_ = job_id{};
        done_ = !boundary_ && ended_before_ == timestamp{};
        return caf::none;
      case storage::job_scan::outcome::limit:
        after_ = found.reached();
        return caf::none;
      case storage::job_scan::outcome::failed:
        return failed(found.state());
    }
  }
}

caf::error retention_walk::is_old(const job_id& id, bool& out) const {
  std::vector<job_event> events;
  auto result = storage::read_events(*db_, id, events);
  if (!result.ok())
    return failed(result);
  const auto state = fold(events);
  out = is_terminal(state.status) && state.finished_at <= ended_before_;
  return caf::none;
}

caf::error retention_walk::next(size_t trees, uint64_t& looks,
                                std::vector<job_id>& out) {
  if (!begun_)
    if (auto e = begin())
      return e;
  if (!done_ && !bounded_)
    if (auto e = find_boundary(looks))
      return e;
  if (done_ || !bounded_)
    return caf::none;
  auto due = scan(list_order::oldest_first, after_);
  auto highest = boundary_;
  if (ended_before_ > timestamp{}) // made before it ended
    highest = std::max(highest, last_id_before(ended_before_));
  if (!highest)
    return done_ = true, caf::none;
  due.keep_within({}, highest);
  for (const auto size = out.size(); out.size() - size < trees;) {
    job_id id;
    const auto found = due.next(looks, id);
    after_ = due.reached();
    if (found == storage::job_scan::outcome::failed)
      return failed(due.state());
    done_ = found == storage::job_scan::outcome::end;
    if (found != storage::job_scan::outcome::found)
      return caf::none;
    bool is_due = boundary_ && id <= boundary_;
    if (!is_due)
      if (auto e = is_old(id, is_due))
        return e;
    if (is_due)
      out.push_back(id);
  }
  return caf::none;
}

} // namespace quaero
