#include "actors/job_manager.hpp"

#include "actors/census.hpp"
#include "actors/deadlines.hpp"
#include "actors/new_jobs.hpp"
#include "actors/rerun.hpp"
#include "definitions/json.hpp"
#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"
#include "storage/life_tables.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace quaero {

namespace {

/// So many are handed on at once: the QUEUE takes them while the next are
/// encoded.
constexpr size_t large_order_jobs = 256;

caf::error no_run(const job_id& id) {
  return make_error(ec::not_found, "no run " + to_string(id) + " goes on");
}

/// What the run's log says about why it is there; "" is nothing.
std::string line_of(const run_cause& x) {
  switch (x.trigger) {
    case run_trigger::api:
      break;
    case run_trigger::schedule:
      return "Started by its schedule for " + to_rfc3339(x.scheduled_for);
    case run_trigger::auto_start:
      return "Started because the daemon started (auto_start)";
    case run_trigger::pre_job:
      return "Started as a pre job of " + to_string(x.for_run);
    case run_trigger::post_job:
      return "Started as a post job of " + to_string(x.for_run);
  }
  return {};
}

} // namespace

job_manager_state::~job_manager_state() {
  for (const auto& [id, x] : runs)
    caf::anon_send_exit(x.actor, caf::exit_reason::kill);
}

caf::typed_response_promise<id_list>
job_manager_state::on_submit(submission& x) {
  auto reply = self->make_response_promise<id_list>();
  // The QUEUE does not know yet where its numbers go on: a restart would
  // overlook the job.
  if (!recovered) {
    reply.deliver(make_error(ec::shutting_down, "the daemon is starting"));
    return reply;
  }
  if (x.jobs.size() > config.submit_jobs_max) {
    reply.deliver(
      make_error(ec::limit_reached, "more than submit_jobs_max ("
                                      + std::to_string(config.submit_jobs_max)
                                      + ") jobs at once"));
    return reply;
  }
  for (const auto& job : x.jobs)
    if (job.priority > priority_max) {
      reply.deliver(
        make_error(ec::invalid_argument, "priority must be from 0 to 9, not "
                                           + std::to_string(job.priority)));
      return reply;
    }
  auto request = std::make_shared<enqueue_request>();
  request->level = x.level;
  request->jobs = make_jobs(x.jobs, {x.scope.manager, x.scope.step, x.parent},
                            *ids, clock->now(), request->ops);
  if (x.marker)
    storage::put_event(request->ops, x.marker_n, *x.marker);
  request->raised = x.retry_of;
  request->reason = x.reason;
  if (x.retry_of)
    request->also = [of = x.retry_of, label = std::move(x.label)](
                      storage::write_batch& ops, const enqueued& made) {
      auto now = label;
      now.retried_as = made.ids.front();
      storage::put_label(ops, of, now);
    };
  hand_on({std::move(request), reply});
  return reply;
}

caf::typed_response_promise<enqueued>
job_manager_state::on_enqueue(enqueue_order& x) {
  auto reply = self->make_response_promise<enqueued>();
  if (!recovered) {
    reply.deliver(make_error(ec::shutting_down, "the daemon is starting"));
    return reply;
  }
  auto request = std::make_shared<enqueue_request>();
  request->level = x.level;
  request->also = std::move(x.also);
  request->jobs = make_jobs(x.jobs, {}, *ids, clock->now(), request->ops);
  hand_on({std::move(request), reply});
  return reply;
}

void job_manager_state::order::answer(const caf::error& failed) {
  const auto& why = failed ? failed : request->refused;
  std::visit(
    [&](auto& to) {
      if (why)
        to.deliver(why);
      else if constexpr (std::is_same_v<std::decay_t<decltype(to)>,
                                        caf::typed_response_promise<id_list>>)
        to.deliver(id_list{std::move(request->made.ids)});
      else
        to.deliver(std::move(request->made));
    },
    reply);
}

void job_manager_state::hand_on(order x) {
  const bool large = x.request->jobs.size() >= large_order_jobs;
  // Lands behind everything that already waits, so all of that joins in.
  if (orders.empty() && !large)
    self->send(self, atom::flush_v);
  orders.push_back(std::move(x));
  if (large)
    on_flush();
}

void job_manager_state::on_flush() {
  if (orders.empty())
    return;
  auto batch = std::make_shared<std::vector<order>>(std::exchange(orders, {}));
  enqueue_block block;
  block.requests.reserve(batch->size());
  for (const auto& x : *batch)
    block.requests.push_back(x.request);
  auto answer = [batch](const caf::error& failed) {
    for (auto& x : *batch)
      x.answer(failed);
  };
  self->request(queue, store_deadline, atom::enqueue_v, std::move(block))
    .then([answer] { answer({}); },
          [answer](const caf::error& e) { answer(e); });
}

queue_job job_manager_state::run_record(const run_plan& plan) {
  const auto& definition = plan.definition;
  queue_job record;
  record.id = ids->next();
  record.manager_id = record.id;
  record.type = manager_job_type;
  record.name = definition.name;
  record.created_at = clock->now();
  record.config
    = to_json(value::make_object({{"definition", to_value(definition)}}));
  auto metadata
    = value::make_object({{"job_definition_id", definition.id},
                          {"job_def_name", definition.name},
                          {"trigger", to_string(plan.cause.trigger)}});
  if (plan.cause.scheduled_for != timestamp{})
    metadata.set("scheduled_for", to_rfc3339(plan.cause.scheduled_for));
  if (plan.cause.for_run)
    metadata.set("for_run", to_string(plan.cause.for_run));
  if (plan.rerun_of)
    metadata.set("rerun_of", to_string(plan.rerun_of));
  record.metadata = to_json(metadata);
  return record;
}

/// Steps that need not run are there, and over, from the run's first commit on:
/// a restart finds them as it finds any step that is over.
void job_manager_state::keep_steps(const run_plan& plan,
                                   manager_job_config& what, commit& out) {
  const auto now = clock->now();
  const auto& record = what.record;
  const auto& all = plan.definition.steps;
  auto& found = what.recovered.emplace();
  found.manager = record;
  for (const auto& kept : plan.kept) {
    const auto i = std::find_if(all.begin(), all.end(), [&](const step& x) {
      return x.name == kept.name;
    });
    auto& x = found.steps.emplace_back();
    x.job = make_step_record(record, plan.definition,
                             static_cast<size_t>(i - all.begin()), ids->next(),
                             now);
    x.job.metadata
      = with_member(x.job.metadata, "kept_from", to_string(kept.id));
    storage::put_job(out.ops, x.job);
    out.add_job(x.job);
    job_event event;
    event.id = x.job.id;
    event.status = job_status::completed;
    event.at = event.started_at = now;
    event.result_count = kept.result_count;
    event.result = kept.result;
    apply(x.state, event, true);
    out.add_event(1, std::move(event), job_status::pending, x.job);
    out.lines.push_back(
      {record.id, record.id, record.id, log_level::info, log_origin::manager,
       now, "Step '" + kept.name + "' is kept from job " + to_string(kept.id)});
  }
}

caf::typed_response_promise<run_started>
job_manager_state::on_start(run_plan& plan) {
  auto reply = self->make_response_promise<run_started>();
  manager_job_config what;
  what.record = run_record(plan);
  auto x = std::make_shared<commit>();
  storage::put_job(x->ops, what.record);
  storage::put_active(x->ops, what.record.id);
  x->add_job(what.record);
  x->runs.emplace_back(what.record.id, storage::run_facets_of(what.record));
  if (auto line = line_of(plan.cause); !line.empty())
    x->lines.push_back({what.record.id, what.record.id, what.record.id,
                        log_level::info, log_origin::manager, clock->now(),
                        std::move(line)});
  if (!plan.kept.empty())
    keep_steps(plan, what, *x);
  what.definition = std::move(plan.definition);
  run_started started{what.record.id, what.record.name};
  if (plan.hook.also)
    plan.hook.also(x->ops, started);
  auto shared = std::make_shared<manager_job_config>(std::move(what));
  self->request(collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [this, reply, started, shared]() mutable {
        spawn_run(std::move(*shared));
        reply.deliver(std::move(started));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

caf::result<job_id> job_manager_state::on_retry(retry_order& x) {
  auto i = runs.find(x.manager);
  if (i == runs.end())
    return make_error(ec::wrong_state, "its run is over");
  return self->delegate(i->second.actor, atom::retry_v, std::move(x));
}

void job_manager_state::spawn_run(manager_job_config what) {
  const auto id = what.record.id;
  const auto definition_id = what.definition.id;
  run_actors peers{caf::actor_cast<job_manager_actor>(self),
                   steps,
                   queue,
                   collector,
                   documents,
                   hub};
  auto actor = self->spawn(manager_job, std::move(what), std::move(peers), keys,
                           ids, clock);
  self->monitor(actor);
  runs.insert_or_assign(id, run{actor, definition_id, {}});
  tell_watchers(definition_id, id, true);
}

caf::typed_response_promise<run_progress>
job_manager_state::on_progress(const job_id& id) {
  auto reply = self->make_response_promise<run_progress>();
  auto i = runs.find(id);
  if (i == runs.end()) {
    reply.deliver(no_run(id));
    return reply;
  }
  self->request(i->second.actor, answer_deadline, atom::progress_v)
    .then([reply](run_progress& x) mutable { reply.deliver(std::move(x)); },
          // It ended meanwhile.
          [reply, id](caf::error&) mutable { reply.deliver(no_run(id)); });
  return reply;
}

// -- cancelling ---------------------------------------------------------------

ack_promise job_manager_state::on_cancel(const job_id& id) {
  auto reply = self->make_response_promise<void>();
  auto i = runs.find(id);
  if (i != runs.end()) {
    self->request(i->second.actor, cancel_deadline, atom::cancel_v)
      .then([reply]() mutable { acknowledge(reply); },
            [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
    return reply;
  }
  self->request(reader, reader_deadline, atom::get_v, id)
    .then([this, reply](const job_view& x) { cancel_job(reply, x); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void job_manager_state::cancel_job(ack_promise reply, const job_view& x) {
  if (is_terminal(x.state.status)) {
    reply.deliver(make_error(ec::conflict, "the job is over: it is "
                                             + to_string(x.state.status)));
    return;
  }
  if (x.label.held) {
    reply.deliver(make_error(ec::conflict, "the job is a copy that nothing "
                                           "starts: delete it"));
    return;
  }
  if (!recovered) {
    reply.deliver(make_error(ec::shutting_down, "the daemon is starting"));
    return;
  }
  auto done = [reply]() mutable { acknowledge(reply); };
  auto failed = [reply](caf::error& e) mutable { reply.deliver(std::move(e)); };
  const auto& id = x.job.id;
  if (x.job.type != step_job_type && x.job.type != manager_job_type) {
    self->request(queue, cancel_deadline, atom::cancel_v, atom::job_v, id)
      .then(done, failed);
    return;
  }
  auto i = runs.find(x.job.manager_id);
  if (i == runs.end())
    reply.deliver(make_error(ec::conflict, "the run is over"));
  else
    self->request(i->second.actor, cancel_deadline, atom::cancel_v, id)
      .then(done, failed);
}

// -- why a job is where it is -------------------------------------------------

namespace {

explanation explain_end(const job_state& x) {
  if (x.status == job_status::failed && x.error == expired_error)
    return {job_reason::expired, "nobody started it in time",
            value::make_object(), x.status};
  if (x.status == job_status::failed && x.error.starts_with(quarantined_error))
    return {job_reason::quarantined, x.error, value::make_object(), x.status};
  return {job_reason::finished, "it is " + to_string(x.status),
          value::make_object(), x.status};
}

} // namespace

caf::typed_response_promise<explanation>
job_manager_state::on_why(const job_id& id) {
  auto reply = self->make_response_promise<explanation>();
  self->request(reader, reader_deadline, atom::get_v, id)
    .then([this, reply](const job_view& x) { explain(reply, x, true); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

/// @param again whether to look once more if who should know it does not: the
///              job may have ended since it was read.
void job_manager_state::explain(explain_promise reply, const job_view& x,
                                bool again) {
  if (is_terminal(x.state.status)) {
    reply.deliver(explain_end(x.state));
    return;
  }
  if (x.label.held) {
    reply.deliver(explanation{job_reason::held,
                              "it is a copy: it waits until it is rerun or "
                              "deleted",
                              value::make_object(), x.state.status});
    return;
  }
  if (!recovered) {
    reply.deliver(explanation{job_reason::daemon_starting,
                              "the daemon is starting", value::make_object(),
                              x.state.status});
    return;
  }
  const auto& type = x.job.type;
  if (type != step_job_type && type != manager_job_type) {
    ask_why(reply, queue, x, again);
    return;
  }
  auto i = runs.find(x.job.manager_id);
  if (i != runs.end())
    ask_why(reply, i->second.actor, x, again);
  else if (unreadable.count(x.job.manager_id) != 0)
    reply.deliver(explanation{job_reason::unreadable,
                              "the definition of its run cannot be read",
                              value::make_object(), x.state.status});
  else
    ask_why(reply, queue, x, again); // who knows no run: look again
}

template <class Handle>
void job_manager_state::ask_why(explain_promise reply, const Handle& who,
                                const job_view& of, bool again) {
  const auto id = of.job.id;
  const auto status = of.state.status;
  auto look_again = [this, reply, id, status, again](caf::error&) mutable {
    if (!again) {
      reply.deliver(explanation{job_reason::being_stored,
                                "what happened to it is being stored",
                                value::make_object(), status});
      return;
    }
    self->request(reader, reader_deadline, atom::get_v, id)
      .then([this, reply](const job_view& x) { explain(reply, x, false); },
            [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  };
  auto found = [reply, status](explanation& x) mutable {
    x.status = status;
    reply.deliver(std::move(x));
  };
  self->request(who, answer_deadline, atom::explain_v, id)
    .then(found, look_again);
}

void job_manager_state::on_done(const job_id& id) {
  auto i = runs.find(id);
  if (i == runs.end())
    return;
  const auto ended = std::move(i->second);
  runs.erase(i);
  tell_watchers(ended.definition_id, id, false);
  for (const auto& reply : ended.watched)
    tell_end(reply, id);
}

/// Of a run that is over, or of which nothing is known any more.
void job_manager_state::tell_end(caf::typed_response_promise<job_view> reply,
                                 const job_id& id) {
  self->request(reader, reader_deadline, atom::get_v, id)
    .then([reply](job_view& x) mutable { reply.deliver(std::move(x)); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
}

caf::typed_response_promise<job_view>
job_manager_state::on_watch(const job_id& id) {
  auto reply = self->make_response_promise<job_view>();
  if (auto i = runs.find(id); i != runs.end())
    i->second.watched.push_back(reply);
  else
    tell_end(reply, id);
  return reply;
}

caf::result<run_started> job_manager_state::on_execute(run_request& x) {
  if (!starter)
    return make_error(ec::shutting_down, "nobody starts runs");
  return self->delegate(starter, atom::execute_v, std::move(x));
}

void job_manager_state::on_down(const caf::down_msg& down) {
  for (const auto& [id, x] : runs) {
    if (x.actor.address() != down.source)
      continue;
    if (down.reason && down.reason != caf::exit_reason::kill
        && down.reason != caf::sec::request_receiver_down)
      log::error("run.lost",
                 {{"run", to_string(id)}, {"reason", message_of(down.reason)}});
    on_done(job_id{id});
    return;
  }
}

void job_manager_state::on_subscribe(run_watcher_actor watcher) {
  for (const auto& [id, x] : runs)
    self->send(watcher, atom::watch_v, x.definition_id, id, true);
  watchers.push_back(std::move(watcher));
}

void job_manager_state::tell_watchers(const std::string& definition_id,
                                      const job_id& run_id, bool goes_on) {
  for (const auto& x : watchers)
    self->send(x, atom::watch_v, definition_id, run_id, goes_on);
}

caf::typed_response_promise<uint64_t> job_manager_state::on_recover() {
  auto reply = self->make_response_promise<uint64_t>();
  self->request(reader, store_deadline, atom::recover_v)
    .then(
      [this, reply](const recovery_ptr& found) mutable {
        kill_point(kill_at::recovery_before_runs);
        // First, so that no run can queue anything before.
        self->send(queue, atom::recover_v, found);
        for (auto& x : found->runs)
          bring_back(std::move(x));
        recovered = true;
        reply.deliver(static_cast<uint64_t>(found->runs.size()));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void job_manager_state::bring_back(recovered_run found) {
  manager_job_config what;
  what.record = found.manager;
  if (!read_snapshot(what.record, what.definition)) {
    log::error("run.unreadable", {{"run", to_string(what.record.id)}});
    unreadable.insert(what.record.id);
    return;
  }
  log::info("run.recovered", {{"run", to_string(what.record.id)},
                              {"definition", what.definition.id}});
  what.recovered = std::move(found);
  spawn_run(std::move(what));
}

actor_status job_manager_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"runs", static_cast<int64_t>(runs.size())}}};
}

caf::typed_response_promise<actor_status> job_manager_state::on_status_tree() {
  status_gathering all{self->make_response_promise<actor_status>(),
                       on_status()};
  for (const auto& [id, x] : runs)
    all.ask(self, x.actor);
  return all.finish();
}

job_manager_impl::behavior_type
job_manager(job_manager_impl::stateful_pointer<job_manager_state> self,
            job_manager_config config, job_manager_peers peers, key_lookup keys,
            std::shared_ptr<id_generator> ids, const wall_clock* clock) {
  auto& st = self->state;
  st.config = config;
  st.steps = std::move(peers.steps);
  st.queue = std::move(peers.queue);
  st.collector = std::move(peers.collector);
  st.documents = std::move(peers.documents);
  st.reader = std::move(peers.reader);
  st.hub = std::move(peers.hub);
  st.keeper = std::move(peers.keeper);
  st.keys = std::move(keys);
  st.ids = std::move(ids);
  st.clock = clock;
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.on_down(x); });
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::submit, submission& x) { return self->state.on_submit(x); },
    [self](atom::enqueue, const enqueue_order_ptr& x) {
      return self->state.on_enqueue(*x);
    },
    [self](atom::flush) { self->state.on_flush(); },
    [self](atom::explain, const job_id& x) { return self->state.on_why(x); },
    [self](atom::start, run_plan& x) { return self->state.on_start(x); },
    [self](atom::retry, retry_order& x) { return self->state.on_retry(x); },
    [self](atom::remove, const job_id& x) {
      return self->delegate(self->state.keeper, atom::remove_v, x);
    },
    [self](atom::put, const job_id& x, label_change& change) {
      return self->delegate(self->state.keeper, atom::put_v, x,
                            std::move(change));
    },
    [self](atom::copy, const job_id& x) {
      return self->delegate(self->state.keeper, atom::copy_v, x);
    },
    [self](atom::retry, const job_id& x) {
      return self->delegate(self->state.keeper, atom::retry_v, x);
    },
    [self](atom::rerun, rerun_request& x) {
      return self->delegate(self->state.keeper, atom::rerun_v, std::move(x));
    },
    [self](atom::progress, const job_id& x) {
      return self->state.on_progress(x);
    },
    [self](atom::cancel, const job_id& x) { return self->state.on_cancel(x); },
    [self](atom::done, const job_id& x) { self->state.on_done(x); },
    [self](atom::watch, const job_id& x) { return self->state.on_watch(x); },
    [self](atom::attach, run_starter_actor& x) { self->state.starter = x; },
    [self](atom::execute, run_request& x) { return self->state.on_execute(x); },
    [self](atom::subscribe, run_watcher_actor& x) {
      self->state.on_subscribe(x);
    },
    [self](atom::recover) { return self->state.on_recover(); },
    [self](atom::status, atom::visit) { return self->state.on_status_tree(); },
  };
}

} // namespace quaero
