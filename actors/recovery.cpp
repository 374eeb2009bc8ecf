#include "actors/recovery.hpp"

#include "actors/mutation.hpp"
#include "definitions/kill_point.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace quaero {

namespace {

/// Ids taken from an index at a time.
constexpr size_t page_ids = 1000;

/// Calls `f` for each child of `parent` until it fails.
template <class F>
storage::status for_each_child(const storage::store& db, const job_id& parent,
                               F f) {
  job_id after;
  std::vector<job_id> ids;
  do {
    ids.clear();
    auto result = storage::read_children(db, parent, after, page_ids, ids);
    if (!result.ok())
      return result;
    for (const auto& id : ids) {
      result = f(id);
      if (!result.ok())
        return result;
      after = id;
    }
  } while (ids.size() == page_ids);
  return {};
}

void add(child_counts& counts, job_status x) {
  switch (x) {
    case job_status::completed:
      ++counts.completed;
      break;
    case job_status::failed:
      ++counts.failed;
      break;
    case job_status::cancelled:
      ++counts.cancelled;
      break;
    default:
      ++counts.pending; // a running attempt ended with the daemon
  }
}

/// What the history of a step says of its attempts.
void read_attempts(const std::vector<job_event>& events, recovered_step& out) {
  for (const auto& x : events) {
    if (x.status == job_status::pending) {
      ++out.attempt;
      out.spawned = false;
      out.first_child = read_attempt_mark(x.result).value_or(out.first_child);
    } else if (auto stop = read_stop_mark(x.result, x.error)) {
      out.stop = std::move(*stop);
    } else if (x.status == job_status::running) {
      // With a result it is the mark that the children exist.
      out.spawned = !x.result.empty();
      out.result = x.result;
    }
  }
}

void note_interrupted(const job_id& id, const job_state& state, recovery& out) {
  out.interrupted.push_back(id);
  if (state.epoch & remote_epoch_bit)
    out.claimable.push_back(id);
}

storage::status read_step(const storage::store& db, const job_id& id,
                          recovered_step& out, recovery& all) {
  auto result = storage::read_job(db, id, out.job);
  std::vector<job_event> events;
  if (result.ok())
    result = storage::read_events(db, id, events, &out.next_event);
  if (!result.ok())
    return result;
  out.state = fold(events, true);
  if (is_terminal(out.state.status)) {
    out.children = out.state.children;
    return {};
  }
  read_attempts(events, out);
  return for_each_child(db, id, [&](const job_id& child) {
    if (child < out.first_child)
      return storage::status{}; // of an attempt that failed
    std::vector<job_event> history;
    auto read = storage::read_events(db, child, history);
    if (read.ok()) {
      auto state = fold(history);
      add(out.children, state.status == job_status::failed
                            && mutated(mutation::failed_child_pending)
                          ? job_status::pending
                          : state.status);
      if (state.status == job_status::running)
        note_interrupted(child, state, all);
      out.children.documents += state.children.documents;
    }
    return read;
  });
}

/// Jobs outside of runs that ran when the daemon stopped. The totals say how
/// many jobs did, so nobody looks at every job that waits.
storage::status find_interrupted_roots(const storage::store& db,
                                       recovery& out) {
  storage::totals all;
  auto result = storage::read_totals(db, all);
  auto left = all.jobs[static_cast<size_t>(job_status::running)];
  auto found = [&](bool runs) { left -= std::min(left, uint64_t{runs}); };
  for (const auto& run : out.runs) {
    found(run.state.status == job_status::running);
    for (const auto& step : run.steps)
      found(step.state.status == job_status::running);
  }
  left -= std::min<uint64_t>(left, out.interrupted.size());
  out.queue.for_each([&](const storage::queue_entry& x) {
    if (!result.ok() || left == 0 || x.manager_id)
      return;
    std::vector<job_event> events;
    result = storage::read_events(db, x.id, events);
    const auto state = fold(events);
    if (state.status != job_status::running)
      return;
    note_interrupted(x.id, state, out);
    --left;
  });
  return result;
}

storage::status read_run(const storage::store& db, const job_id& id,
                         recovered_run& out, recovery& all) {
  auto result = storage::read_job(db, id, out.manager);
  std::vector<job_event> events;
  if (result.ok())
    result = storage::read_events(db, id, events, &out.next_event);
  if (!result.ok())
    return result;
  out.state = fold(events);
  for (const auto& x : events) {
    if (auto stop = read_stop_mark(x.result, x.error))
      out.stop = std::move(*stop);
    else if (auto linked = read_linked_run_mark(x.result))
      out.linked.push_back(*linked);
  }
  return for_each_child(db, id, [&](const job_id& child) {
    return read_step(db, child, out.steps.emplace_back(), all);
  });
}

} // namespace

storage::status read_recovery(const storage::store& db, recovery& out) {
  auto result = storage::read_queue(db, [&](storage::queue_entry&& x) {
    out.next_sequence = std::max(out.next_sequence, x.key.sequence + 1);
    out.queue.push_back(std::move(x));
  });
  // A sequence below a head would be overlooked by the next start.
  std::array<uint64_t, storage::lane_count> heads{};
  if (result.ok())
    result = storage::read_queue_heads(db, heads);
  for (auto head : heads)
    out.next_sequence = std::max(out.next_sequence, head);
  if (result.ok())
    result = storage::read_queue_settings(db, out.queues);
  if (result.ok())
    result = storage::read_type_slots(db, out.type_slots);
  if (result.ok())
    result = storage::read_node_limits(db, out.node_limits);
  kill_point(kill_at::recovery_after_queue);
  if (mutated(mutation::delayed_job_forgotten) && !out.queue.empty()
      && out.queue.back_key().lane == storage::delayed_lane)
    out.queue.pop_back();
  std::vector<job_id> active;
  if (result.ok())
    result = storage::read_active(db, active);
  for (const auto& id : active) {
    if (!result.ok())
      break;
    result = read_run(db, id, out.runs.emplace_back(), out);
    kill_point(kill_at::recovery_after_run);
  }
  if (result.ok())
    result = find_interrupted_roots(db, out);
  return result;
}

} // namespace quaero
