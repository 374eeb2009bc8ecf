#include "actors/manager_job.hpp"

#include "actors/census.hpp"
#include "actors/deadlines.hpp"
#include "actors/job_monitor.hpp"
#include "actors/mutation.hpp"
#include "definitions/json.hpp"
#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace quaero {

queue_job make_step_record(const queue_job& run,
                           const job_definition& definition, size_t i,
                           const job_id& id, timestamp now) {
  const auto& x = definition.steps[i];
  queue_job job;
  job.id = id;
  job.parent_id = run.id;
  job.manager_id = run.id;
  job.step_id = id;
  job.type = step_job_type;
  job.name = x.name;
  job.depth = 1;
  job.created_at = now;
  job.config = to_json(x.config);
  job.metadata
    = to_json(value::make_object({{"manager_id", to_string(run.id)},
                                  {"step_index", static_cast<int64_t>(i)},
                                  {"step_name", x.name},
                                  {"step_type", x.type},
                                  {"description", x.description},
                                  {"job_definition_id", definition.id}}));
  return job;
}

// -- tools --------------------------------------------------------------------

manager_job_state::~manager_job_state() {
  for (const auto& x : nodes)
    if (x.actor)
      caf::anon_send_exit(x.actor, caf::exit_reason::kill);
  if (monitor)
    caf::anon_send_exit(monitor, caf::exit_reason::kill);
}

size_t manager_job_state::index_of(const std::string& step_name) const {
  const auto& steps = config.definition.steps;
  auto i = std::find_if(steps.begin(), steps.end(),
                        [&](const step& x) { return x.name == step_name; });
  return static_cast<size_t>(i - steps.begin());
}

job_scope manager_job_state::scope_of(const job_id& step_id,
                                      const std::string& step_name) const {
  return {config.record.id,     step_id,   config.record.name,
          config.definition.id, step_name, config.definition.tags};
}

step_job_config manager_job_state::step_config(size_t i) {
  const auto& definition = config.definition;
  auto& node = nodes[i];
  step_job_config x;
  x.context.definition = step_at(i);
  x.context.job_config = definition.config;
  x.context.base_url = definition.base_url;
  x.context.source_type = definition.source_type;
  x.context.auth_id = definition.auth_id;
  x.index = i;
  x.count = nodes.size();
  x.retry = step_at(i).retry.value_or(retry_policy{});
  x.recovered = std::exchange(node.recovered, std::nullopt);
  if (!x.recovered)
    node.id = ids->next();
  x.record = x.recovered ? x.recovered->job
                         : make_step_record(config.record, definition, i,
                                            node.id, clock->now());
  x.context.scope = scope_of(node.id, step_at(i).name);
  return x;
}

void manager_job_state::add_line(commit& to, log_level level,
                                 std::string message) {
  const auto& id = config.record.id;
  to.lines.push_back(
    {id, id, id, level, log_origin::manager, clock->now(), std::move(message)});
}

void manager_job_state::log(log_level level, std::string message) {
  auto x = std::make_shared<commit>();
  x->level = durability::buffered;
  add_line(*x, level, std::move(message));
  self->send(actors.collector, atom::commit_v, std::move(x));
}

// -- the way through ----------------------------------------------------------

void manager_job_state::spawn_monitor() {
  run_progress now;
  now.manager = config.record.id;
  now.status = job_status::running;
  for (size_t i = 0; i < nodes.size(); ++i)
    now.steps.push_back({nodes[i].id,
                         step_at(i).name,
                         step_at(i).type,
                         nodes[i].status,
                         nodes[i].children,
                         {}});
  job_monitor_config how;
  how.tolerance = config.definition.error_tolerance;
  monitor = self->spawn(job_monitor, how, std::move(now),
                        caf::actor_cast<manager_job_actor>(self), actors.hub);
}

void manager_job_state::start() {
  started_at = clock->now();
  spawn_monitor();
  auto x = std::make_shared<commit>();
  job_event event;
  event.id = config.record.id;
  event.status = job_status::running;
  event.at = started_at;
  x->add_event(next_event++, std::move(event), job_status::pending,
               config.record);
  add_line(*x, log_level::info,
           "Starting job definition execution: " + config.definition.name
             + " (ID: " + config.definition.id
             + ", Steps: " + std::to_string(nodes.size()) + ")");
  self->request(actors.collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this] {
        arm_timeout();
        advance();
      },
      [this](caf::error& e) { self->quit(e); });
}

/// What the steps that are there mean for the nodes.
/// @returns of the steps that did not do their work, which and why.
std::vector<std::pair<size_t, std::string>>
manager_job_state::take_steps(recovered_run& found) {
  std::vector<std::pair<size_t, std::string>> verdicts;
  for (auto& x : found.steps) {
    const auto i = index_of(x.job.name);
    if (i == nodes.size())
      continue;
    const auto& why = x.state.error;
    nodes[i].left_out = x.state.result == left_out_by_condition;
    if (x.state.status == job_status::failed)
      verdicts.emplace_back(i, "failed: " + why);
    else if (x.state.status == job_status::skipped && why != run_stopped
             && !nodes[i].left_out)
      verdicts.emplace_back(i, "skipped: " + why);
    else if (x.state.status == job_status::cancelled && !found.stop.decided())
      verdicts.emplace_back(i, "was cancelled");
    auto& node = nodes[i];
    node.id = x.job.id;
    node.children = x.children;
    if (is_terminal(x.state.status))
      node.status = x.state.status;
    else
      node.recovered = std::move(x);
  }
  return verdicts;
}

void manager_job_state::resume(recovered_run found) {
  next_event = found.next_event;
  linked = std::move(found.linked);
  // A step of its own: what comes before the first one is over.
  if (std::any_of(found.steps.begin(), found.steps.end(), [](const auto& x) {
        return x.job.metadata.find("\"kept_from\"") == std::string::npos;
      }))
    before_next = config.definition.pre_jobs.size();
  const auto verdicts = take_steps(found);
  // Before the start there are none but those that a rerun keeps.
  if (found.state.status == job_status::pending) {
    start();
    return;
  }
  started_at = found.state.started_at;
  spawn_monitor();
  log(log_level::info, "Going on after a restart");
  arm_timeout();
  for (size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].recovered) {
      const bool stopped = nodes[i].recovered->stop.cancelled;
      start_step(i);
      if (stopped)
        stop_step(i);
    }
  // What was decided holds, and what a terminal step's on_error says.
  if (found.stop.decided()) {
    stopping = true;
    failed = found.stop.failed;
    cancelling = found.stop.cancelled;
    error = found.stop.why;
    cancel_all();
  }
  for (const auto& [i, what] : verdicts)
    judge(i, "step '" + step_at(i).name + "' " + what);
  advance();
}

void manager_job_state::arm_timeout() {
  std::chrono::nanoseconds limit{0};
  const auto& text = config.definition.timeout;
  if (text.empty() || !parse_duration(text, limit) || limit.count() == 0)
    return;
  auto rest = std::max(limit - (clock->now() - started_at),
                       std::chrono::nanoseconds{0});
  self->delayed_send(self, rest, atom::timeout_v);
}

/// What it means for the run that a step has not done its work.
void manager_job_state::judge(size_t i, const std::string& what) {
  const auto how = step_at(i).on_error;
  if (how == on_error::fail || how == on_error::fatal)
    stop(what);
  else if (error.empty() && nodes[i].status == job_status::failed)
    error = what;
  if (how == on_error::fatal)
    cancel_all();
}

void manager_job_state::start_step(size_t i) {
  auto& node = nodes[i];
  node.status = job_status::running;
  node.actor = self->spawn(step_job, step_config(i), actors,
                           caf::actor_cast<manager_job_actor>(self), monitor,
                           keys, ids, clock);
  self->monitor(node.actor);
  running.emplace(node.actor.address(), i);
}

void manager_job_state::skip_step(size_t i, const std::string& why,
                                  bool left_out) {
  auto& node = nodes[i];
  node.status = job_status::skipped;
  node.left_out = left_out;
  node.id = ids->next();
  auto x = std::make_shared<commit>();
  const auto record = make_step_record(config.record, config.definition, i,
                                       node.id, clock->now());
  storage::put_job(x->ops, record);
  x->add_job(record);
  job_event event;
  event.id = node.id;
  event.status = job_status::skipped;
  event.at = clock->now();
  event.error = why;
  if (left_out)
    event.result = left_out_by_condition;
  x->add_event(1, std::move(event), job_status::pending, record);
  add_line(*x, left_out ? log_level::info : log_level::warn,
           "Step '" + step_at(i).name + "' skipped: " + why);
  self->send(actors.collector, atom::commit_v, std::move(x));
  self->send(
    monitor, atom::progress_v,
    step_progress{
      node.id, step_at(i).name, step_at(i).type, job_status::skipped, {}, why});
  if (!stopping && !left_out)
    judge(i, "step '" + step_at(i).name + "' skipped: " + why);
}

void manager_job_state::stop(const std::string& why) {
  stopping = true;
  failed = true;
  if (error.empty())
    error = why;
}

void manager_job_state::decide() {
  // Not a move, so the fold leaves it out; a restart finds it.
  job_event event;
  event.id = config.record.id;
  event.status = job_status::running;
  event.at = clock->now();
  event.error = error;
  event.result = failed ? run_stop_failed : run_stop_cancelled;
  auto x = std::make_shared<commit>();
  storage::put_event(x->ops, next_event++, event);
  self->send(actors.collector, atom::commit_v, std::move(x));
}

void manager_job_state::cancel_all() {
  if (ending || std::exchange(cancelled_all, true))
    return; // how it ended is on its way to the disk: nothing can follow
  decide(); // before what follows from it: one collector, one order
  for (const auto& node : nodes)
    if (node.status == job_status::running && node.actor)
      self->send(node.actor, atom::cancel_v);
  self->request(actors.queue, cancel_deadline, atom::cancel_v, config.record.id)
    .then(
      [this] {
        queue_idle = true;
        finish_if_over();
      },
      [this](caf::error& e) {
        log::error("run.cancel_failed", {{"run", to_string(config.record.id)},
                                         {"error", message_of(e)}});
      });
}

void manager_job_state::finish_if_over() {
  const bool over
    = std::all_of(nodes.begin(), nodes.end(),
                  [](const step_node& x) { return is_terminal(x.status); });
  // A step whose actor died may have left jobs that still run.
  if (over && !ending && !making_linked && (!cancelled_all || queue_idle)
      && !start_post_jobs())
    finish();
}

/// How the run ends if it ends now.
job_status manager_job_state::outcome() const {
  if (failed)
    return job_status::failed;
  return cancelling ? job_status::cancelled : job_status::completed;
}

/// Whether something failed in a run that is completed, and nobody said that
/// this is all right.
bool manager_job_state::has_warning(const child_counts& all) const {
  const bool step_failed
    = std::any_of(nodes.begin(), nodes.end(), [](const step_node& x) {
        return x.status != job_status::completed && !x.left_out;
      });
  const auto& limit = config.definition.error_tolerance;
  const bool jobs_failed
    = limit ? exceeded && limit->action == failure_action::mark_warning
            : all.failed > 0;
  return step_failed || jobs_failed || link_failed;
}

void manager_job_state::finish() {
  ending = true;
  child_counts all;
  for (const auto& x : nodes) {
    all.completed += x.children.completed;
    all.failed += x.children.failed;
    all.cancelled += x.children.cancelled;
    all.documents += x.children.documents;
  }
  job_event event;
  event.id = config.record.id;
  event.at = clock->now();
  event.error = error;
  event.children = all;
  event.status = outcome();
  const auto status = event.status;
  if (status == job_status::completed && has_warning(all))
    event.result = ended_with_warning;
  auto x = std::make_shared<commit>();
  x->add_event(next_event++, std::move(event), job_status::running,
               config.record);
  storage::remove_active(x->ops, config.record.id);
  auto text = "Job " + to_string(status) + " in "
              + format_duration(clock->now() - started_at) + ": "
              + std::to_string(all.completed) + " succeeded, "
              + std::to_string(all.failed) + " failed, "
              + std::to_string(all.documents) + " documents";
  add_line(*x, failed ? log_level::error : log_level::info,
           error.empty() ? text : text + " (" + error + ")");
  kill_point(kill_at::run_before_end);
  self->request(actors.collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this, status] {
        self->send(monitor, atom::status_v, status);
        self->send(actors.queue, atom::forget_v, config.record.id);
        self->send(actors.collector, atom::forget_v, config.record.id);
        self->send(actors.jobs, atom::done_v, config.record.id);
        for (auto& waiting : cancel_waiting)
          acknowledge(waiting);
        self->send_exit(monitor, caf::exit_reason::user_shutdown);
        self->quit();
      },
      [this](caf::error& e) { give_up(e); });
}

/// What is on disk is unknown now: only a restart can tell.
void manager_job_state::give_up(const caf::error& why) {
  for (auto& node : nodes)
    for (auto& x : std::exchange(node.stop_waiting, {}))
      x.deliver(why);
  for (auto& x : std::exchange(cancel_waiting, {}))
    x.deliver(why);
  self->quit(why);
}

// -- messages -----------------------------------------------------------------

void manager_job_state::on_done(const step_result& result) {
  const auto i = index_of(result.name);
  if (i == nodes.size() || is_terminal(nodes[i].status))
    return;
  auto& node = nodes[i];
  running.erase(node.actor.address());
  node.status = result.status;
  node.children = result.children;
  node.actor = nullptr;
  if (result.status == job_status::failed) {
    const auto what = "step '" + result.name + "' failed: " + result.error;
    log(log_level::error, "S" + what.substr(1));
    judge(i, what);
  } else {
    log(log_level::info,
        "Step '" + result.name + "' " + to_string(result.status));
    if (result.status == job_status::cancelled && !stopping)
      judge(i, "step '" + result.name + "' was cancelled");
  }
  answer_stop(i);
  advance();
}

void manager_job_state::on_exceeded(uint64_t failures) {
  exceeded = true;
  const auto& limit = config.definition.error_tolerance;
  const auto what = std::to_string(failures)
                    + " jobs failed; max_child_failures is "
                    + std::to_string(limit ? limit->max_child_failures : 0);
  log(log_level::warn, "Error tolerance exceeded: " + what);
  if (!limit || limit->action != failure_action::stop_all)
    return;
  stop("error tolerance exceeded: " + what);
  cancel_all();
  advance();
}

ack_promise manager_job_state::on_cancel() {
  auto reply = self->make_response_promise<void>();
  if (!mutated(mutation::cancel_answered_early))
    cancel_waiting.push_back(reply);
  if (!std::exchange(cancelling, true)) {
    log(log_level::warn, "Cancelled by user");
    stopping = true;
    if (error.empty())
      error = "cancelled by user";
    cancel_all();
    advance();
  }
  if (mutated(mutation::cancel_answered_early))
    acknowledge(reply);
  return reply;
}

caf::result<job_id> manager_job_state::on_retry(retry_order& x) {
  auto i = std::find_if(nodes.begin(), nodes.end(), [&](const step_node& node) {
    return node.id == x.step && node.status == job_status::running
           && node.actor;
  });
  if (i == nodes.end() || stopping)
    return make_error(ec::wrong_state, "its step is over");
  return self->delegate(i->actor, atom::retry_v, std::move(x));
}

caf::result<run_progress> manager_job_state::on_progress() {
  return self->delegate(monitor, atom::progress_v);
}

void manager_job_state::on_timeout() {
  if (ending || cancelled_all)
    return;
  const auto what = "timed out after " + config.definition.timeout;
  log(log_level::error, "The run " + what);
  stop(what);
  cancel_all();
  advance();
}

void manager_job_state::on_down(const caf::down_msg& down) {
  auto i = running.find(down.source);
  if (i == running.end())
    return;
  if (down.reason == caf::exit_reason::kill
      || down.reason == caf::sec::request_receiver_down) {
    self->quit(down.reason); // the daemon ends; the run goes on with the next
    return;
  }
  end_lost_step(i->second, message_of(down.reason));
}

/// Stores the end that the step's actor could not store. Nobody is told before:
/// who stops the step would be answered, and a restart might find it running.
void manager_job_state::end_lost_step(size_t i, const std::string& reason) {
  auto& node = nodes[i];
  const auto why = "the step's actor ended: " + reason;
  log::error("run.step_lost",
             {{"run", to_string(config.record.id)}, {"reason", why}});
  auto x = std::make_shared<commit>();
  job_event event;
  event.id = node.id;
  event.status = job_status::failed;
  event.at = clock->now();
  event.error = why;
  x->add_event(UINT32_MAX, std::move(event), job_status::running,
               make_step_record(config.record, config.definition, i, node.id,
                                clock->now()));
  stop("step '" + step_at(i).name + "': " + why);
  cancel_all();
  self->request(actors.collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this, i, why] {
        on_done({step_at(i).name, job_status::failed, why, nodes[i].children});
      },
      [this](caf::error& e) { give_up(e); });
}

caf::typed_response_promise<actor_status> manager_job_state::on_status() {
  status_gathering all{self->make_response_promise<actor_status>(),
                       {"manager-job " + to_string(config.record.id),
                        self->mailbox().size(),
                        {{"steps", static_cast<int64_t>(nodes.size())}}}};
  if (monitor)
    all.ask(self, monitor);
  for (const auto& x : nodes)
    if (x.actor)
      all.ask(self, x.actor);
  return all.finish();
}

manager_job_impl::behavior_type
manager_job(manager_job_impl::stateful_pointer<manager_job_state> self,
            manager_job_config config, run_actors actors, key_lookup keys,
            std::shared_ptr<id_generator> ids, const wall_clock* clock) {
  auto& st = self->state;
  st.config = std::move(config);
  st.actors = std::move(actors);
  st.keys = std::move(keys);
  st.ids = std::move(ids);
  st.clock = clock;
  st.nodes.resize(st.config.definition.steps.size());
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  if (st.config.recovered)
    st.resume(std::move(*st.config.recovered));
  else
    st.start();
  return {
    [self](atom::done, const step_result& x) { self->state.on_done(x); },
    [self](atom::exceeded, uint64_t n) { self->state.on_exceeded(n); },
    [self](atom::cancel) { return self->state.on_cancel(); },
    [self](atom::cancel, const job_id& x) {
      return self->state.on_stop_step(x);
    },
    [self](atom::explain, const job_id& x) {
      return self->state.on_explain(x);
    },
    [self](atom::retry, retry_order& x) { return self->state.on_retry(x); },
    [self](atom::progress) { return self->state.on_progress(); },
    [self](atom::timeout) { self->state.on_timeout(); },
    [self](atom::status) { return self->state.on_status(); },
  };
}

} // namespace quaero
