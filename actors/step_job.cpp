#include "actors/step_job.hpp"

#include "actors/census.hpp"
#include "actors/deadlines.hpp"
#include "actors/mutation.hpp"
#include "actors/retry.hpp"
#include "actors/secrecy.hpp"
#include "actors/step_monitor.hpp"
#include "definitions/kill_point.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace quaero {

namespace {

constexpr const char* stopped_why = "cancelled by user";

std::string count_of(uint64_t n, const char* what) {
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

} // namespace

// -- tools --------------------------------------------------------------------

step_job_state::~step_job_state() {
  if (children)
    caf::anon_send_exit(children, caf::exit_reason::kill);
}

commit_ptr step_job_state::change() {
  return std::make_shared<commit>();
}

void step_job_state::add_line(commit& to, log_level level,
                              std::string message) {
  given.hide(message);
  to.lines.push_back({config.record.id, config.record.id,
                      config.record.manager_id, level, log_origin::step,
                      clock->now(), std::move(message)});
}

void step_job_state::add_lines(commit& to, std::vector<log_line> lines) {
  for (auto& x : lines)
    add_line(to, x.level, std::move(x.message));
}

void step_job_state::add_event(commit& to, job_status status, job_status from,
                               std::string error, std::string mark) {
  job_event event;
  event.id = config.record.id;
  event.status = status;
  event.at = clock->now();
  event.error = std::move(error);
  event.result = std::move(mark);
  to.add_event(next_event++, std::move(event), from, config.record);
}

void step_job_state::log(log_level level, std::string message) {
  auto x = change();
  x->level = durability::buffered;
  add_line(*x, level, std::move(message));
  self->send(actors.collector, atom::commit_v, std::move(x));
}

void step_job_state::tell_monitor(job_status status, const std::string& error,
                                  const child_counts& counts) {
  self->send(monitor, atom::progress_v,
             step_progress{config.record.id, context.definition.name,
                           context.definition.type, status, counts, error});
}

// -- the way through ----------------------------------------------------------

void step_job_state::start() {
  started_at = clock->now();
  auto x = change();
  storage::put_job(x->ops, config.record);
  x->add_job(config.record);
  add_event(*x, job_status::running, job_status::pending, {});
  add_line(*x, log_level::info,
           "Starting Step " + std::to_string(config.index + 1) + '/'
             + std::to_string(config.count) + ": " + context.definition.name);
  self->request(actors.collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this] {
        arm_timeout();
        init();
      },
      [this](caf::error& e) { self->quit(e); });
}

void step_job_state::arm_timeout() {
  std::chrono::nanoseconds limit{0};
  const auto& text = context.definition.step_timeout;
  if (text.empty() || !parse_duration(text, limit) || limit.count() == 0)
    return;
  const auto rest = std::max(limit - (clock->now() - started_at),
                             std::chrono::nanoseconds{0});
  self->delayed_send(self, rest, atom::timeout_v);
}

void step_job_state::resume(const recovered_step& found) {
  next_event = found.next_event;
  attempt = found.attempt;
  result = found.result;
  started_at = found.state.started_at;
  // No job has this id, so the ids of this start may have begun below it.
  ids->continue_after(found.first_child);
  log(log_level::info, "Going on after a restart");
  if (found.stop.decided()) {
    stopping = true;
    stop_status
      = found.stop.failed ? job_status::failed : job_status::cancelled;
    stop_why = found.stop.why;
  } else {
    arm_timeout();
  }
  if (found.spawned) {
    watch_children(found.children);
    self->send(children, atom::sealed_v);
    if (found.stop.failed)
      stop_children();
    return;
  }
  if (stopping)
    finish(stop_status, stop_why, {});
  else if (found.state.status == job_status::pending)
    on_retry();
  else
    init();
}

void step_job_state::watch_children(const child_counts& counts) {
  step_progress now{config.record.id,
                    context.definition.name,
                    context.definition.type,
                    job_status::running,
                    counts,
                    {}};
  children = self->spawn(step_monitor, now,
                         caf::actor_cast<step_watcher_actor>(self), monitor);
  self->send(actors.queue, atom::watch_v, config.record.id, children);
  self->send(monitor, atom::progress_v, now);
}

void step_job_state::init() {
  tell_monitor(job_status::running, {}, {});
  context.definition = config.context.definition;
  given = {};
  auto unresolved
    = substitute(context.definition.config, context.job_config, keys, &given);
  for (const auto& x : unresolved)
    log(log_level::warn, "placeholder not resolved: " + x);
  log(log_level::info, "Initializing worker...");
  self->request(actors.steps, step_deadline, atom::init_v, context)
    .then([this](init_result& x) { on_init(std::move(x)); },
          [this](caf::error& e) { on_failure(message_of(e)); });
}

void step_job_state::on_init(init_result found) {
  if (stopping) {
    finish(stop_status, stop_why, {});
    return;
  }
  auto x = change();
  x->level = durability::buffered;
  add_lines(*x, std::move(found.lines));
  add_line(*x, log_level::info,
           "Worker initialized: " + std::to_string(found.work_items)
             + " work items, strategy=" + found.strategy);
  if (found.strategy != "inline")
    add_line(*x, log_level::info, "Spawning child jobs...");
  self->send(actors.collector, atom::commit_v, std::move(x));
  self
    ->request(actors.steps, step_deadline, atom::create_v, context,
              std::move(found))
    .then([this](step_output& made) { on_create(std::move(made)); },
          [this](caf::error& e) { on_failure(message_of(e)); });
}

void step_job_state::on_create(step_output made) {
  auto x = change();
  x->level = durability::buffered;
  add_lines(*x, std::move(made.lines));
  if (!x->lines.empty())
    self->send(actors.collector, atom::commit_v, std::move(x));
  result = std::move(made.result);
  given.hide(result);
  for (auto& job : made.jobs)
    conceal(given, job);
  for (auto& one : made.documents)
    conceal(given, one);
  if (stopping)
    finish(stop_status, stop_why, {});
  else if (made.jobs.size() > config.children_max)
    on_failure("the step makes " + std::to_string(made.jobs.size())
               + " jobs; children_max is "
               + std::to_string(config.children_max));
  else if (!made.jobs.empty())
    submit(std::move(made.jobs));
  else if (!made.documents.empty())
    save(std::move(made.documents));
  else
    finish(job_status::completed, {}, {});
}

namespace {

/// What a step says of its jobs goes before what their worker says.
void set_terms(new_job& job, const step& of) {
  if (of.retry)
    job.retry = *of.retry;
  const auto& terms = of.job;
  if (!terms.queue.empty())
    job.queue = terms.queue;
  if (terms.priority)
    job.priority = *terms.priority;
  if (!terms.limit_key.empty())
    job.limit_key = terms.limit_key;
  for (const auto& label : terms.labels)
    job.tags.push_back(std::string{label_tag_prefix} + label);
  std::chrono::nanoseconds timeout{};
  if (parse_duration(terms.timeout, timeout))
    job.timeout = std::chrono::ceil<std::chrono::milliseconds>(timeout);
}

} // namespace

void step_job_state::submit(std::vector<new_job> jobs) {
  watch_children({});
  submission x;
  x.scope = context.scope;
  x.parent = config.record.id;
  x.jobs = std::move(jobs);
  for (auto& job : x.jobs)
    set_terms(job, context.definition);
  // The mark that all children exist; see recovery.cpp.
  job_event marker;
  marker.id = config.record.id;
  marker.status = job_status::running;
  marker.at = clock->now();
  marker.result = result.empty() ? "{}" : result;
  if (!mutated(mutation::children_not_marked))
    x.marker = std::move(marker);
  x.marker_n = next_event++;
  self->request(actors.jobs, store_deadline, atom::submit_v, std::move(x))
    .then([this](const id_list&) { self->send(children, atom::sealed_v); },
          [this, n = next_event](caf::error& e) {
            if (next_event == n) // else what came behind it is stored
              --next_event;      // the mark is not
            on_failure("children not stored: " + message_of(e));
          });
}

void step_job_state::save(std::vector<document> documents) {
  self
    ->request(actors.documents, reader_deadline, atom::prepare_v,
              std::move(documents), config.record.manager_id)
    .then(
      [this](const prepared_ptr& saved) {
        child_counts counts;
        counts.documents = saved->created;
        finish(job_status::completed, {}, counts, saved);
      },
      [this](caf::error& e) {
        on_failure("documents not saved: " + message_of(e));
      });
}

void step_job_state::on_failure(std::string why, const child_counts& counts) {
  given.hide(why);
  const auto& step = context.definition;
  const bool again = step.on_error == on_error::retry
                     && attempt < config.retry.attempts && !stopping;
  if (!again) {
    finish(stopping ? stop_status : job_status::failed, why, counts);
    return;
  }
  if (children) // the next attempt counts its own
    self->send_exit(std::exchange(children, nullptr),
                    caf::exit_reason::user_shutdown);
  const auto wait = retry_delay(config.retry, attempt++,
                                std::hash<job_id>{}(config.record.id));
  auto x = change();
  add_event(*x, job_status::pending, job_status::running, why,
            attempt_mark(ids->next()));
  add_line(*x, log_level::warn,
           "Step failed, next attempt in " + format_duration(wait) + ": "
             + why);
  self->send(actors.collector, atom::commit_v, std::move(x));
  tell_monitor(job_status::pending, why, {});
  waiting_for_retry = true;
  retry_at = clock->now() + wait;
  self->delayed_send(self, wait, atom::retry_v);
}

// -- messages -----------------------------------------------------------------

void step_job_state::on_retry() {
  if (ended)
    return;
  waiting_for_retry = false;
  auto x = change();
  add_event(*x, job_status::running, job_status::pending, {});
  self->request(actors.collector, store_deadline, atom::commit_v, std::move(x))
    .then([this] { init(); }, [this](caf::error& e) { self->quit(e); });
}

/// The step is kept open until the job is stored and counted.
caf::typed_response_promise<job_id>
step_job_state::on_retry_order(retry_order& x) {
  auto promise = self->make_response_promise<job_id>();
  const auto over = make_error(ec::wrong_state, "its step is over");
  owed_answer<job_id> reply{promise, over};
  if (!children || ended || stopping || waiting_for_retry) {
    reply.deliver(over);
    return promise;
  }
  auto order = std::make_shared<retry_order>(std::move(x));
  self->request(children, answer_deadline, atom::attach_v)
    .then(
      [this, reply, order, over](bool open) mutable {
        if (open)
          submit_retry(reply, order);
        else
          reply.deliver(over);
      },
      [reply, over](caf::error&) mutable { reply.deliver(over); });
  return promise;
}

void step_job_state::submit_retry(owed_answer<job_id> reply,
                                  const std::shared_ptr<retry_order>& order) {
  submission x;
  x.scope = context.scope;
  x.parent = config.record.id;
  x.jobs.push_back(std::move(order->job));
  x.retry_of = order->of;
  x.label = std::move(order->label);
  x.reason = order->reason;
  // Of this attempt of the step, whatever becomes of it meanwhile.
  auto counting = children;
  self->request(actors.jobs, store_deadline, atom::submit_v, std::move(x))
    .then(
      [this, reply, counting](const id_list& made) mutable {
        self->send(counting, atom::sealed_v);
        reply.deliver(made.ids.front());
      },
      [this, reply, counting](caf::error& e) mutable {
        self->send(counting, atom::sealed_v);
        reply.deliver(std::move(e));
      });
}

void step_job_state::on_cancel() {
  if (std::exchange(stopping, true))
    return;
  log(log_level::warn, "Cancelling");
  if (waiting_for_retry)
    finish(stop_status, stop_why, {});
  // Else what is under way notices: the worker's answer, or the last job's end.
}

/// Stores that the step is to be stopped alone.
void step_job_state::decide_stop(job_status status, std::string why) {
  stop_status = status;
  stop_why = std::move(why);
  if (waiting_for_retry)
    return; // its end is stored at once
  // Not a move, so the fold leaves it out; a restart finds it.
  job_event event;
  event.id = config.record.id;
  event.status = job_status::running;
  event.at = clock->now();
  event.error = stop_why;
  event.result
    = status == job_status::failed ? run_stop_failed : run_stop_cancelled;
  auto x = change();
  storage::put_event(x->ops, next_event++, event);
  self->send(actors.collector, atom::commit_v, std::move(x));
}

void step_job_state::on_stop() {
  if (stopping || ended)
    return;
  decide_stop(job_status::cancelled, stopped_why);
  on_cancel();
}

void step_job_state::on_timeout() {
  if (stopping || ended)
    return;
  const auto why = "timed out after " + context.definition.step_timeout;
  log(log_level::error, "The step " + why);
  decide_stop(job_status::failed, why);
  stopping = true;
  // A worker that still looks may answer whom it likes.
  if (children)
    stop_children();
  else
    finish(stop_status, stop_why, {});
}

/// Has the QUEUE end them; the monitor says when that is done.
void step_job_state::stop_children() {
  self->request(actors.queue, cancel_deadline, atom::cancel_v, config.record.id)
    .then([] {},
          [this](caf::error& e) {
            log(log_level::error,
                "its jobs cannot be stopped: " + message_of(e));
          });
}

caf::typed_response_promise<explanation> step_job_state::on_explain() {
  auto promise = self->make_response_promise<explanation>();
  owed_answer<explanation> reply{promise,
                                 make_error(ec::not_found, "the step is over")};
  if (stopping) {
    reply.deliver(explanation{job_reason::cancelling, "it is being stopped"});
  } else if (ended) {
    reply.deliver(
      explanation{job_reason::being_stored, "how it ended is being stored"});
  } else if (waiting_for_retry) {
    const auto until = to_rfc3339(retry_at);
    reply.deliver(explanation{job_reason::retry_at,
                              "its next attempt is due at " + until,
                              value::make_object({{"until", until}})});
  } else if (!children) {
    reply.deliver(
      explanation{job_reason::running, "its worker looks, or makes its jobs"});
  } else {
    self->request(children, answer_deadline, atom::progress_v)
      .then(
        [reply](const child_counts& x) mutable {
          const auto numbers = value::make_object({{"pending", x.pending},
                                                   {"running", x.running},
                                                   {"total", x.total()}});
          reply.deliver(explanation{job_reason::waiting_for_children,
                                    std::to_string(x.open()) + " of "
                                      + count_of(x.total(), "job")
                                      + " are not over",
                                    numbers});
        },
        [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  }
  return promise;
}

void step_job_state::on_done(const child_counts& counts) {
  if (stopping)
    finish(stop_status, stop_why, counts);
  else if (counts.total() != 0 && counts.cancelled == counts.total())
    finish(job_status::cancelled, "all of its jobs were cancelled", counts);
  else if (counts.total() != 0 && counts.failed == counts.total())
    on_failure("all " + count_of(counts.failed, "job") + " failed", counts);
  else
    finish(job_status::completed, {}, counts);
}

void step_job_state::finish(job_status status, std::string error,
                            child_counts counts, prepared_ptr saved) {
  if (std::exchange(ended, true)) {
    if (saved) // it was out of time while they were prepared
      self->send(actors.documents, atom::settle_v, saved);
    return;
  }
  const auto took = format_duration(clock->now() - started_at);
  auto x = change();
  if (saved) {
    x->ops.append(saved->ops);
    x->documents = static_cast<int64_t>(saved->created);
  }
  job_event event;
  event.id = config.record.id;
  event.status = status;
  event.at = clock->now();
  event.error = error;
  event.children = counts;
  event.result = result;
  x->add_event(next_event++, std::move(event),
               waiting_for_retry ? job_status::pending : job_status::running,
               config.record);
  if (status == job_status::failed)
    add_line(*x, log_level::error, "Step failed after " + took + ": " + error);
  else if (status == job_status::cancelled)
    add_line(*x, log_level::warn, "Step cancelled after " + took);
  else if (counts.failed + counts.cancelled != 0)
    add_line(*x, log_level::warn,
             "Step finished with errors in " + took + ": "
               + std::to_string(counts.completed) + " succeeded, "
               + std::to_string(counts.failed) + " failed");
  else
    add_line(*x, log_level::info,
             "Step finished successfully in " + took + " ("
               + count_of(counts.total(), "job") + ")");
  step_result outcome{context.definition.name, status, error, counts};
  kill_point(kill_at::step_before_end);
  self->request(actors.collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this, outcome, saved] {
        if (saved)
          self->send(actors.documents, atom::settle_v, saved);
        tell_monitor(outcome.status, outcome.error, outcome.children);
        self->send(actors.steps, atom::forget_v, context.definition.type,
                   config.record.id);
        self->send(actors.collector, atom::forget_v, config.record.id);
        if (stop_status == job_status::failed) // see stop_children()
          self->send(actors.queue, atom::forget_v, config.record.id);
        if (children)
          self->send_exit(children, caf::exit_reason::user_shutdown);
        self->send(run, atom::done_v, outcome);
        self->quit();
      },
      [this](caf::error& e) { self->quit(e); });
}

caf::typed_response_promise<actor_status> step_job_state::on_status() {
  status_gathering all{self->make_response_promise<actor_status>(),
                       {"step-job " + config.context.definition.name,
                        self->mailbox().size(),
                        {{"attempt", attempt}}}};
  if (children)
    all.ask(self, children);
  return all.finish();
}

step_job_impl::behavior_type
step_job(step_job_impl::stateful_pointer<step_job_state> self,
         step_job_config config, run_actors actors, manager_job_actor run,
         job_monitor_actor monitor, key_lookup keys,
         std::shared_ptr<id_generator> ids, const wall_clock* clock) {
  auto& st = self->state;
  st.config = std::move(config);
  st.context = st.config.context;
  st.actors = std::move(actors);
  st.run = std::move(run);
  st.monitor = std::move(monitor);
  st.keys = std::move(keys);
  st.ids = std::move(ids);
  st.clock = clock;
  if (st.config.recovered)
    st.resume(*st.config.recovered);
  else
    st.start();
  return {
    [self](atom::done, const child_counts& x) { self->state.on_done(x); },
    [self](atom::cancel) { self->state.on_cancel(); },
    [self](atom::cancel, atom::job) { self->state.on_stop(); },
    [self](atom::explain) { return self->state.on_explain(); },
    [self](atom::retry) { self->state.on_retry(); },
    [self](atom::timeout) { self->state.on_timeout(); },
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::retry, retry_order& x) {
      return self->state.on_retry_order(x);
    },
  };
}

} // namespace quaero
