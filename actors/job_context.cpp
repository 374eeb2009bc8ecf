#include "actors/job_context.hpp"

#include "actors/secrecy.hpp"

#include <algorithm>
#include <utility>

namespace quaero {

job_context::job_context(leased_job lease, const wall_clock& clock,
                         std::function<void()> on_line,
                         job_context_limits limits, secrets given)
  : lease_{std::move(lease)}, clock_{clock}, on_line_{std::move(on_line)},
    limits_{limits}, given_{std::move(given)} {}

void job_context::log(log_level level, std::string message) {
  bool first = false;
  given_.hide(message);
  {
    std::lock_guard guard{mutex_};
    if (lines_.size() >= limits_.lines_max) {
      ++dropped_;
      return;
    }
    first = lines_.empty();
    lines_.push_back({lease_.job.id, log_owner(lease_.job),
                      lease_.job.manager_id, level, log_origin::worker,
                      clock_.now(), std::move(message)});
  }
  if (first && on_line_)
    on_line_();
}

namespace {

/// What a step says of its jobs holds below them, too.
void inherit(new_job& child, const queue_job& from) {
  const new_job unsaid;
  if (child.queue == unsaid.queue)
    child.queue = from.queue;
  if (child.priority == unsaid.priority)
    child.priority = from.priority;
  if (child.retry == unsaid.retry)
    child.retry = from.retry;
  if (child.timeout == unsaid.timeout)
    child.timeout = from.timeout;
  if (child.limit_key.empty())
    child.limit_key = from.limit_key;
  for (const auto& tag : from.tags)
    if (tag.starts_with(label_tag_prefix)
        && std::find(child.tags.begin(), child.tags.end(), tag)
             == child.tags.end())
      child.tags.push_back(tag);
}

} // namespace

bool job_context::spawn(new_job child) {
  inherit(child, lease_.job);
  conceal(given_, child);
  std::lock_guard guard{mutex_};
  if (children_.size() >= limits_.children_max)
    return false;
  children_.push_back(std::move(child));
  return true;
}

bool job_context::save(document x) {
  conceal(given_, x);
  std::lock_guard guard{mutex_};
  if (documents_.size() >= limits_.documents_max)
    return false;
  documents_.push_back(std::move(x));
  return true;
}

void job_context::on_cancel(std::function<void()> action) {
  {
    std::lock_guard guard{mutex_};
    if (!cancelled()) {
      on_cancel_ = std::move(action);
      return;
    }
  }
  action();
}

void job_context::cancel() {
  std::function<void()> action;
  {
    std::lock_guard guard{mutex_};
    cancelled_.store(true, std::memory_order_relaxed);
    action = std::exchange(on_cancel_, {});
  }
  if (action)
    action();
}

std::vector<log_line> job_context::take_lines() {
  std::lock_guard guard{mutex_};
  auto out = std::exchange(lines_, {});
  if (dropped_ != 0 && !out.empty()) {
    auto note = out.back();
    note.level = log_level::warn;
    note.message = std::to_string(std::exchange(dropped_, 0))
                   + " lines dropped: more than lines_max at a time";
    out.push_back(std::move(note));
  }
  return out;
}

std::vector<new_job> job_context::take_children() {
  std::lock_guard guard{mutex_};
  return std::exchange(children_, {});
}

std::vector<document> job_context::take_documents() {
  std::lock_guard guard{mutex_};
  return std::exchange(documents_, {});
}

} // namespace quaero
