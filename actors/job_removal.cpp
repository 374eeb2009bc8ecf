#include "actors/job_removal.hpp"

#include "definitions/error.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace quaero {

namespace {

/// Ids of children taken from the index at a time.
constexpr size_t page_ids = 512;

caf::error failed(const storage::status& why) {
  if (why.code == storage::errc::not_found)
    return make_error(ec::not_found, "no such job");
  return make_error(ec::storage_failed, why.message);
}

} // namespace

job_removal::job_removal(std::shared_ptr<const storage::store> db,
                         const job_id& root)
  : db_{std::move(db)}, root_{root} {}

caf::error job_removal::enter(const job_id& id) {
  place x;
  auto result = storage::read_job(*db_, id, x.job);
  std::vector<job_event> events;
  if (result.ok())
    result = storage::read_events(*db_, id, events);
  if (!result.ok())
    return failed(result);
  const auto state = fold(events, x.job.type == step_job_type);
  x.status = state.status;
  x.reason = state.reason;
  x.lines.has_stream = !x.job.parent_id;
  path_.push_back(std::move(x));
  return caf::none;
}

/// The next child of the job where the walk is, or none.
caf::error job_removal::next_child(job_id& out) {
  auto& top = path_.back();
  if (top.next == top.page.size() && top.more) {
    auto result
      = storage::read_children(*db_, top.job.id, top.after, page_ids, top.page);
    if (!result.ok())
      return failed(result);
    top.next = 0;
    top.more = top.page.size() == page_ids;
    if (!top.page.empty())
      top.after = top.page.back();
  }
  out = top.next < top.page.size() ? top.page[top.next++] : job_id{};
  return caf::none;
}

// -- the look -----------------------------------------------------------------

/// A part of a run that goes on is needed by it, whatever its own state.
caf::error job_removal::check_root() {
  if (auto e = enter(root_))
    return e;
  const auto run = path_.back().job.manager_id;
  if (!run || run == root_)
    return caf::none;
  auto e = enter(run);
  if (e)
    return e == caf::error{ec::not_found} ? caf::error{} : e;
  const bool over = is_terminal(path_.back().status);
  path_.pop_back();
  if (over)
    return caf::none;
  return make_error(ec::wrong_state,
                    "its run " + to_string(run) + " goes on: cancel it first");
}

caf::error job_removal::check_state(const place& x) const {
  if (is_terminal(x.status))
    return caf::none;
  job_label label;
  auto result = storage::read_label(*db_, x.job.id, label);
  if (!result.ok())
    return failed(result);
  if (label.held)
    return caf::none;
  const auto what = x.job.id == root_
                      ? std::string{"the job"}
                      : "job " + to_string(x.job.id) + " below it";
  return make_error(ec::wrong_state,
                    what + " is " + to_string(x.status) + ": cancel it first");
}

caf::error job_removal::check(size_t& jobs) {
  if (path_.empty()) {
    if (auto e = check_root())
      return e;
    if (auto e = check_state(path_.back()))
      return e;
  }
  while (jobs > 0 && !path_.empty()) {
    job_id child;
    if (auto e = next_child(child))
      return e;
    if (!child) {
      path_.pop_back();
      continue;
    }
    --jobs;
    if (auto e = enter(child)) {
      if (e == caf::error{ec::not_found})
        continue; // taken since the page was read
      return e;
    }
    if (auto e = check_state(path_.back()))
      return e;
  }
  checked_ = path_.empty();
  return caf::none;
}

// -- the removal --------------------------------------------------------------

caf::error job_removal::remove_top(size_t& keys, commit& out, id_set& taken) {
  auto& top = path_.back();
  size_t removed = 0;
  if (!top.lines.done) {
    auto result = storage::remove_lines(*db_, top.job.id, keys, top.lines,
                                        out.ops, removed);
    keys -= std::min(keys, removed);
    if (!result.ok() || !top.lines.done)
      return result.ok() ? caf::error{} : failed(result);
  }
  job_label label;
  storage::status result;
  if (top.reason != failure_reason::none)
    result = storage::read_label(*db_, top.job.id, label);
  // It was tried again, and left the list then.
  if (label.retried_as)
    top.reason = failure_reason::none;
  if (result.ok())
    result = storage::remove_job(*db_, top.job, out.ops, removed);
  if (!result.ok())
    return failed(result);
  keys -= std::min(keys, removed);
  taken.insert(top.job.id);
  if (top.job.id != root_) {
    ++removed_.jobs;
    if (top.job.type != manager_job_type && top.job.type != step_job_type)
      ++removed_.leaves;
  }
  out.remove_job(top.job, top.status, top.reason);
  path_.pop_back();
  done_ = path_.empty();
  return caf::none;
}

caf::error job_removal::take(size_t& keys, commit& out, id_set& taken) {
  if (!std::exchange(begun_, true)) {
    if (taken.count(root_) != 0)
      return make_error(ec::not_found, "no such job");
    if (auto e = enter(root_))
      return e;
  }
  while (keys > 0 && !done_) {
    job_id child;
    if (auto e = next_child(child))
      return e;
    if (!child) {
      if (auto e = remove_top(keys, out, taken))
        return e;
    } else if (taken.count(child) == 0) {
      // One that is not there was taken since the page was read.
      if (auto e = enter(child); e && e != caf::error{ec::not_found})
        return e;
    }
  }
  return caf::none;
}

} // namespace quaero
