#include "actors/dispatcher.hpp"

#include "actors/deadlines.hpp"
#include "definitions/json.hpp"
#include "definitions/validation.hpp"

#include <memory>
#include <utility>

namespace quaero {

namespace {

/// What the user typed after `key=`: JSON if it is a number, true or false,
/// else the text as it is.
value as_value(const std::string& text) {
  value out;
  std::string error;
  if (parse_json(text, out, error) && (out.is_number() || out.is_bool()))
    return out;
  return value{text};
}

} // namespace

caf::error dispatcher_state::check(job_definition& definition,
                                   const run_request& x) const {
  if (!definition.enabled)
    return make_error(ec::disabled,
                      "job definition '" + x.definition_id + "' is disabled");
  for (const auto& [key, text] : x.overrides)
    definition.config.set(key, as_value(text));
  auto errors = validate(definition);
  if (!errors.empty())
    return make_error(ec::invalid_argument, to_string(errors.front()));
  return caf::none;
}

caf::typed_response_promise<run_started>
dispatcher_state::on_execute(const run_request& x) {
  auto reply = self->make_response_promise<run_started>();
  if (draining || !recovered) {
    reply.deliver(make_error(ec::shutting_down, draining
                                                  ? "the daemon is stopping"
                                                  : "the daemon is starting"));
    return reply;
  }
  auto [i, added] = active.try_emplace(x.definition_id);
  if (added)
    start_run(reply, x);
  else
    refuse_or_start(reply, x, i->second);
  return reply;
}

void dispatcher_state::refuse_or_start(
  caf::typed_response_promise<run_started> reply, const run_request& x,
  const job_id& run) {
  const auto& id = x.definition_id;
  auto refusal
    = make_error(ec::conflict, "job definition '" + id + "' is already running"
                                 + (run ? " as job " + to_string(run) : ""));
  if (!run) {
    reply.deliver(std::move(refusal));
    return;
  }
  // Its end may be committed, and seen by the user, before word of it is here.
  self->request(reader, reader_deadline, atom::get_v, run)
    .then(
      [this, reply, x, run, refusal](const job_view& y) mutable {
        auto i = active.find(x.definition_id);
        const bool over = is_terminal(y.state.status);
        if (i != active.end() && !(over && i->second == run)) {
          reply.deliver(std::move(refusal));
          return;
        }
        active[x.definition_id] = job_id{};
        start_run(reply, x);
      },
      [reply, refusal](caf::error&) mutable {
        reply.deliver(std::move(refusal));
      });
}

void dispatcher_state::start_run(caf::typed_response_promise<run_started> reply,
                                 const run_request& x) {
  const auto id = x.definition_id;
  auto failed = [this, reply, id](caf::error& e) mutable {
    active.erase(id);
    reply.deliver(std::move(e));
  };
  self->request(reader, reader_deadline, atom::get_v, id)
    .then(
      [this, reply, x, failed](job_definition& definition) mutable {
        if (auto e = check(definition, x)) {
          failed(e);
          return;
        }
        self
          ->request(jobs, store_deadline, atom::start_v, std::move(definition))
          .then(
            [reply](run_started& y) mutable { reply.deliver(std::move(y)); },
            failed);
      },
      failed);
}

caf::typed_response_promise<bool>
dispatcher_state::on_put(job_definition& definition) {
  auto reply = self->make_response_promise<bool>();
  auto shared = std::make_shared<job_definition>(std::move(definition));
  auto store = [this, reply, shared](bool is_new) {
    auto x = std::make_shared<commit>();
    storage::put_definition(x->ops, *shared);
    self->request(collector, store_deadline, atom::commit_v, std::move(x))
      .then([reply, is_new]() mutable { reply.deliver(is_new); },
            [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  };
  self->request(reader, reader_deadline, atom::get_v, shared->id)
    .then(
      [this, shared, store](const job_definition& old) {
        shared->created_at = old.created_at;
        shared->updated_at = clock->now();
        store(false);
      },
      [this, reply, shared, store](caf::error& e) mutable {
        if (e != caf::error{ec::not_found}) {
          reply.deliver(std::move(e));
          return;
        }
        shared->created_at = shared->updated_at = clock->now();
        store(true);
      });
  return reply;
}

ack_promise dispatcher_state::on_remove(const std::string& id) {
  auto reply = self->make_response_promise<void>();
  self->request(reader, reader_deadline, atom::get_v, id)
    .then(
      [this, reply, id](const job_definition& old) mutable {
        if (old.job_type == "system") {
          reply.deliver(make_error(ec::conflict, "job definition '" + id
                                                   + "' is of the system"));
          return;
        }
        auto x = std::make_shared<commit>();
        storage::remove_definition(x->ops, id);
        self->request(collector, store_deadline, atom::commit_v, std::move(x))
          .then(
            [reply]() mutable { acknowledge(reply); },
            [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void dispatcher_state::on_watch(const std::string& definition_id,
                                const job_id& run, bool goes_on) {
  if (goes_on) {
    active[definition_id] = run;
    return;
  }
  // The next one may be here already.
  auto i = active.find(definition_id);
  if (i != active.end() && i->second == run)
    active.erase(i);
}

actor_status dispatcher_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"active", static_cast<int64_t>(active.size())}}};
}

dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           job_manager_actor jobs, reader_actor reader,
           log_collector_actor collector, const wall_clock* clock) {
  auto& st = self->state;
  st.jobs = std::move(jobs);
  st.reader = std::move(reader);
  st.collector = std::move(collector);
  st.clock = clock;
  self->send(st.jobs, atom::subscribe_v,
             caf::actor_cast<run_watcher_actor>(self));
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::execute, const run_request& x) {
      return self->state.on_execute(x);
    },
    [self](atom::put, job_definition& x) { return self->state.on_put(x); },
    [self](atom::remove, const std::string& x) {
      return self->state.on_remove(x);
    },
    [self](atom::recover) { self->state.recovered = true; },
    [self](atom::drain) { self->state.draining = true; },
    [self](atom::watch, const std::string& x, const job_id& run, bool on) {
      self->state.on_watch(x, run, on);
    },
  };
}

} // namespace quaero
