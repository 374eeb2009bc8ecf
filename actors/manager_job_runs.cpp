#include "actors/deadlines.hpp"
#include "actors/manager_job.hpp"
#include "definitions/explanation.hpp"

#include <algorithm>
#include <utility>

/// Runs of other definitions before and behind a run.
namespace quaero {

namespace {

std::string label_of(bool before, const std::string& definition) {
  return (before ? "pre job '" : "post job '") + definition + '\'';
}

/// The run ends before its first step.
void fail_before(manager_job_state& st, const std::string& what) {
  st.stop(what);
  st.decide(); // the steps that are skipped now do not say why
}

/// Runs that a wait leads to.
struct circle_walk {
  job_id wait;      ///< For whose end this run waits.
  std::string path; ///< For people.
  uint32_t length = 1;

  /// Runs of a circle at most; a longer one is not found.
  static constexpr uint32_t length_max = 1000;
};

void search_circle(manager_job_state& st, const job_id& at, circle_walk walk);

/// @param why what the last run of the walk waits for.
void go_on(manager_job_state& st, const explanation& why, circle_walk walk) {
  job_id next;
  if (st.awaited.run != walk.wait || why.reason != job_reason::waiting_for_run
      || !from_string(why.values.get_string("run").value_or(""), next) || !next
      || ++walk.length > circle_walk::length_max)
    return;
  walk.path += ", which waits for '"
               + why.values.get_string("definition").value_or("") + "' (job "
               + to_string(next) + ')';
  if (next != st.config.record.id)
    return search_circle(st, next, std::move(walk));
  st.awaited = {};
  if (!st.stopping && !st.ending) {
    const auto what = "pre_jobs go in a circle: " + walk.path;
    st.log(log_level::error, what);
    fail_before(st, what);
  }
  st.advance();
}

/// No definition leads back to itself when a run of it starts. But it may be
/// changed while the run goes on, and another run then joins that one.
void search_circle(manager_job_state& st, const job_id& at, circle_walk walk) {
  st.self->request(st.actors.jobs, answer_deadline, atom::explain_v, at)
    .then([&st, walk = std::move(walk)](
            const explanation& why) { go_on(st, why, walk); },
          [](const caf::error&) {}); // it is over
}

} // namespace

const linked_run* manager_job_state::find_linked(bool before, size_t i) const {
  auto found
    = std::find_if(linked.begin(), linked.end(), [&](const linked_run& x) {
        return x.before == before && x.index == i;
      });
  return found == linked.end() ? nullptr : &*found;
}

/// @returns whether the steps have to wait.
bool manager_job_state::wait_for_pre_jobs() {
  if (before_next == config.definition.pre_jobs.size())
    return false;
  if (making_linked || awaited.run)
    return true;
  if (const auto* x = find_linked(true, before_next))
    watch_pre_job(*x);
  else
    request_linked(true, before_next);
  return true;
}

/// @returns whether the run has to wait with its end.
bool manager_job_state::start_post_jobs() {
  const auto& all = config.definition.post_jobs;
  if (stopping || outcome() != job_status::completed)
    return false;
  while (behind_next < all.size() && find_linked(false, behind_next) != nullptr)
    ++behind_next; // before a restart
  if (behind_next == all.size())
    return false;
  request_linked(false, behind_next);
  return true;
}

void manager_job_state::request_linked(bool before, size_t i) {
  making_linked = true;
  const auto& definition = config.definition;
  run_request x;
  x.definition_id = before ? definition.pre_jobs[i] : definition.post_jobs[i];
  x.cause.trigger = before ? run_trigger::pre_job : run_trigger::post_job;
  x.cause.for_run = config.record.id;
  x.join = before;
  // With the other run's first commit: after a restart there is not another.
  job_event mark;
  mark.id = config.record.id;
  mark.status = job_status::running;
  mark.at = clock->now();
  const auto n = next_event++;
  const auto index = static_cast<uint32_t>(i);
  x.hook.also = [mark, n, before, index](storage::write_batch& ops,
                                         const run_started& made) mutable {
    mark.result = linked_run_mark({before, index, made.manager});
    storage::put_event(ops, n, mark);
  };
  self->request(actors.jobs, store_deadline, atom::execute_v, std::move(x))
    .then(
      [this, before, index](const run_started& made) {
        making_linked = false;
        on_linked({before, index, made.manager}, made);
      },
      [this, before, i](const caf::error& e) { on_not_linked(before, i, e); });
}

void manager_job_state::on_linked(const linked_run& x,
                                  const run_started& started) {
  const auto& definition = config.definition;
  const auto& id
    = x.before ? definition.pre_jobs[x.index] : definition.post_jobs[x.index];
  log(log_level::info, (started.joined ? "Joined " : "Started ")
                         + label_of(x.before, id) + " as job "
                         + to_string(started.manager));
  linked.push_back(x);
  if (started.joined) { // the hook was not called
    job_event mark;
    mark.id = config.record.id;
    mark.status = job_status::running;
    mark.at = clock->now();
    mark.result = linked_run_mark(x);
    auto change = std::make_shared<commit>();
    storage::put_event(change->ops, next_event++, mark);
    self->send(actors.collector, atom::commit_v, std::move(change));
  }
  if (!x.before)
    ++behind_next;
  advance();
}

void manager_job_state::on_not_linked(bool before, size_t i,
                                      const caf::error& e) {
  making_linked = false;
  if (e == caf::error{ec::shutting_down}) {
    if (stopping)
      advance();
    return; // the next daemon goes on here
  }
  const auto& definition = config.definition;
  const auto& id = before ? definition.pre_jobs[i] : definition.post_jobs[i];
  const auto what
    = label_of(before, id) + " could not be started: " + message_of(e);
  log(before ? log_level::error : log_level::warn, "The " + what);
  if (before) {
    if (!stopping)
      fail_before(*this, what);
  } else {
    ++behind_next;
    link_failed = true;
  }
  advance();
}

void manager_job_state::watch_pre_job(const linked_run& x) {
  awaited = x;
  self->request(actors.jobs, cancel_deadline, atom::watch_v, x.run)
    .then([this, x](const job_view& found) { on_pre_job_over(x, found); },
          [this, x](const caf::error& e) {
            job_view lost;
            lost.state.status = job_status::failed;
            lost.state.error = message_of(e);
            on_pre_job_over(x, lost);
          });
  // Now that others can see this wait: so of several runs whose waits begin at
  // the same time, the last one sees them all.
  const auto& id = config.definition.pre_jobs[x.index];
  search_circle(*this, x.run,
                {x.run, "'" + config.definition.id + "' waits for '" + id
                          + "' (job " + to_string(x.run) + ')'});
}

void manager_job_state::on_pre_job_over(const linked_run& x,
                                        const job_view& found) {
  awaited = {};
  if (stopping || ending)
    return;
  if (found.state.status == job_status::completed) {
    ++before_next;
  } else {
    const auto what
      = label_of(true, config.definition.pre_jobs[x.index]) + " is "
        + to_string(found.state.status) + " (job " + to_string(x.run) + ')'
        + (found.state.error.empty() ? "" : ": " + found.state.error);
    log(log_level::error, "The " + what);
    fail_before(*this, what);
  }
  advance();
}

} // namespace quaero
