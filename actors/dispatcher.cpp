#include "actors/dispatcher.hpp"

#include "actors/deadlines.hpp"
#include "actors/rerun.hpp"
#include "definitions/definition_version.hpp"
#include "definitions/json.hpp"
#include "definitions/validation.hpp"
#include "storage/schedule_tables.hpp"

#include <algorithm>
#include <memory>
#include <set>
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

constexpr const char* system_type = "system";

caf::error of_the_system(const std::string& id) {
  return make_error(ec::read_only, "job definition '" + id
                                     + "' belongs to the system and cannot be "
                                       "changed");
}

caf::error check_version(const std::string& if_match, const job_definition* x) {
  if (if_match.empty())
    return caf::none;
  if (x == nullptr)
    return make_error(ec::changed, "there is no such job definition any more");
  if (names_version(if_match, definition_version(*x), false))
    return caf::none;
  return make_error(ec::changed, "job definition '" + x->id
                                   + "' was changed meanwhile; read it again");
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

/// Why no run may start at all, or no error.
caf::error dispatcher_state::refusal() const {
  if (draining || !recovered)
    return make_error(ec::shutting_down, draining ? "the daemon is stopping"
                                                  : "the daemon is starting");
  return caf::none;
}

caf::typed_response_promise<run_started>
dispatcher_state::on_execute(const run_request& x) {
  auto reply = self->make_response_promise<run_started>();
  if (!recovered && !draining && x.cause.for_run)
    early.push_back([this, reply, x] { execute(reply, x); });
  else
    execute(reply, x);
  return reply;
}

void dispatcher_state::execute(caf::typed_response_promise<run_started> reply,
                               const run_request& x) {
  if (auto e = refusal()) {
    reply.deliver(std::move(e));
    return;
  }
  claim(
    x.definition_id, x.beside, [this, reply, x] { start_run(reply, x); },
    [this, reply, x](caf::error e, const job_id& run) mutable {
      if (x.join)
        join(reply, x, run);
      else
        reply.deliver(std::move(e));
    });
}

/// @param run that has the definition's place; none: it is being made.
void dispatcher_state::join(caf::typed_response_promise<run_started> reply,
                            const run_request& x, const job_id& run) {
  if (run)
    reply.deliver(run_started{run, {}, true});
  else
    active[x.definition_id].joining.push_back(
      [this, reply, x] { execute(reply, x); });
}

void dispatcher_state::on_recover() {
  recovered = true;
  for (const auto& f : std::exchange(early, {}))
    f();
}

/// Takes the definition's place for a run that is about to be made; made() is
/// to be called when it was, or was not.
void dispatcher_state::claim(const std::string& id, bool beside,
                             std::function<void()> granted,
                             refused_handler refused) {
  auto& x = active[id];
  if (x.empty() || beside) {
    ++x.making;
    granted();
  } else {
    claim_taken(id, x, std::move(granted), std::move(refused));
  }
}

/// The same when the place has a run.
void dispatcher_state::claim_taken(const std::string& id, const place& taken,
                                   std::function<void()> granted,
                                   refused_handler refused) {
  const auto run = taken.runs.empty() ? job_id{} : taken.runs.back();
  auto why
    = make_error(ec::conflict, "job definition '" + id + "' is already running"
                                 + (run ? " as job " + to_string(run) : ""));
  if (taken.making > 0) {
    refused(std::move(why), job_id{});
    return;
  }
  // Its end may be committed, and seen by the user, before word of it is here.
  self->request(reader, reader_deadline, atom::get_v, run)
    .then(
      [this, id, run, why, granted, refused](const job_view& y) {
        const auto i = active.find(id);
        const bool here
          = i != active.end()
            && std::count(i->second.runs.begin(), i->second.runs.end(), run)
                 > 0;
        if (here && !is_terminal(y.state.status)) {
          refused(why, run);
          return;
        }
        run_over(id, run);
        claim(id, false, granted, refused);
      },
      [why, run, refused](caf::error&) { refused(why, run); });
}

/// A run that a place was claimed for is known to the JOB MANAGER, or could not
/// be made.
void dispatcher_state::made(const std::string& id) {
  const auto i = active.find(id);
  --i->second.making;
  const auto joining = std::exchange(i->second.joining, {});
  if (i->second.empty()) {
    active.erase(i);
    // Whom it kept back hears of no other end.
    for (const auto& x : watchers)
      self->send(x, atom::watch_v, id, job_id{}, false);
  }
  for (const auto& f : joining)
    f();
}

void dispatcher_state::run_over(const std::string& id, const job_id& run) {
  const auto i = active.find(id);
  if (i == active.end())
    return;
  std::erase(i->second.runs, run);
  if (i->second.empty())
    active.erase(i);
}

// -- definitions that want each other -----------------------------------------

/// What pre_jobs and post_jobs lead to from a definition. A way back to it
/// would have runs wait for each other, or follow each other for ever.
struct dispatcher_state::circle_search {
  explicit circle_search(job_definition& of) : definition{std::move(of)} {
    add(definition);
  }

  void add(const job_definition& x) {
    for (const auto* ids : {&x.pre_jobs, &x.post_jobs})
      for (const auto& id : *ids)
        if (seen.insert(id).second)
          open.emplace_back(id, x.id);
  }

  /// Of which ids a search looks at most.
  static constexpr size_t seen_max = 1000;

  job_definition definition;
  std::set<std::string> seen;
  /// Definitions to look at, and which definition names them.
  std::vector<std::pair<std::string, std::string>> open;
  std::function<void()> none;
  std::function<void(caf::error&)> found;
};

void dispatcher_state::search_circle(const std::shared_ptr<circle_search>& x) {
  if (x->open.empty() || x->seen.size() > circle_search::seen_max) {
    std::exchange(x->none, nullptr)();
    return;
  }
  const auto [id, named_by] = x->open.back();
  x->open.pop_back();
  if (id == x->definition.id) {
    auto why = make_error(ec::invalid_argument,
                          "pre_jobs and post_jobs go in a circle: they lead "
                          "from '"
                            + id + "' to '" + named_by + "' and back");
    x->none = nullptr;
    x->found(why);
    return;
  }
  self->request(reader, reader_deadline, atom::get_v, id)
    .then(
      [this, x](const job_definition& next) {
        x->add(next);
        search_circle(x);
      },
      // Who starts a run of it hears what is wrong with it.
      [this, x](caf::error&) { search_circle(x); });
}

caf::typed_response_promise<job_made>
dispatcher_state::on_rerun(const rerun_request& x) {
  auto reply = self->make_response_promise<job_made>();
  auto fail = [reply](caf::error e) mutable { reply.deliver(std::move(e)); };
  self->request(reader, reader_deadline, atom::get_v, x.job)
    .then(
      [this, reply, x, fail](const job_view& old) mutable {
        job_definition snapshot;
        // What no run can be made of, the JOB KEEPER refuses.
        const bool is_run = old.job.type == manager_job_type
                            && (is_terminal(old.state.status) || old.label.held)
                            && read_snapshot(old.job, snapshot);
        if (!is_run) {
          self->request(jobs, store_deadline, atom::rerun_v, x)
            .then([reply](job_made& y) mutable { reply.deliver(std::move(y)); },
                  [fail](caf::error& e) mutable { fail(std::move(e)); });
          return;
        }
        if (auto e = refusal())
          return fail(std::move(e));
        claim(
          snapshot.id, false,
          [this, reply, x, id = snapshot.id] { rerun_run(reply, x, id); },
          [fail](caf::error e, const job_id&) mutable { fail(std::move(e)); });
      },
      [fail](caf::error& e) mutable { fail(std::move(e)); });
  return reply;
}

void dispatcher_state::rerun_run(caf::typed_response_promise<job_made> reply,
                                 const rerun_request& x,
                                 const std::string& definition_id) {
  self->request(jobs, store_deadline, atom::rerun_v, x)
    .then(
      [this, reply, definition_id](job_made& y) mutable {
        made(definition_id);
        reply.deliver(std::move(y));
      },
      [this, reply, definition_id](caf::error& e) mutable {
        made(definition_id);
        reply.deliver(std::move(e));
      });
}

// -- runs ---------------------------------------------------------------------

void dispatcher_state::start_run(caf::typed_response_promise<run_started> reply,
                                 const run_request& x) {
  const auto id = x.definition_id;
  auto failed = [this, reply, id](caf::error& e) mutable {
    made(id);
    reply.deliver(std::move(e));
  };
  self->request(reader, reader_deadline, atom::get_v, id)
    .then(
      [this, reply, x, failed](job_definition& definition) mutable {
        if (auto e = check(definition, x)) {
          failed(e);
          return;
        }
        auto search = std::make_shared<circle_search>(definition);
        search->none = [this, reply, x, search] {
          start_checked(reply, x, search->definition);
        };
        search->found = failed;
        search_circle(search);
      },
      failed);
}

void dispatcher_state::start_checked(
  caf::typed_response_promise<run_started> reply, const run_request& x,
  job_definition& definition) {
  run_plan plan;
  plan.definition = std::move(definition);
  plan.hook = x.hook;
  plan.cause = x.cause;
  self->request(jobs, store_deadline, atom::start_v, std::move(plan))
    .then(
      [this, reply, id = x.definition_id](run_started& y) mutable {
        made(id);
        reply.deliver(std::move(y));
      },
      [this, reply, id = x.definition_id](caf::error& e) mutable {
        made(id);
        reply.deliver(std::move(e));
      });
}

// -- definitions --------------------------------------------------------------

void dispatcher_state::in_turn(const std::string& id, std::function<void()> f) {
  auto& queue = changes[id];
  queue.push_back(std::move(f));
  if (queue.size() == 1)
    queue.front()();
}

void dispatcher_state::turn_over(const std::string& id) {
  auto i = changes.find(id);
  i->second.pop_front();
  if (i->second.empty())
    changes.erase(i);
  else
    std::function<void()>{i->second.front()}();
}

void dispatcher_state::change(const std::shared_ptr<definition_change>& x,
                              stored_handler done) {
  const auto id = x->definition.id;
  in_turn(id, [this, x, id, done = std::move(done)] {
    self->request(reader, reader_deadline, atom::get_v, id)
      .then([this, x,
             done](const job_definition& old) { change_known(x, &old, done); },
            [this, x, id, done](caf::error& e) {
              if (e == caf::error{ec::not_found} && !x->must_exist) {
                change_known(x, nullptr, done);
                return;
              }
              done(std::move(e));
              turn_over(id);
            });
  });
}

void dispatcher_state::change_known(const std::shared_ptr<definition_change>& x,
                                    const job_definition* old,
                                    const stored_handler& done) {
  auto& now = x->definition;
  const auto id = now.id;
  const bool allowed = x->forced || old == nullptr
                       || old->job_type != system_type
                       || (x->from_file && now.job_type == system_type);
  auto refusal = allowed ? check_version(x->if_match, old) : of_the_system(id);
  const bool same
    = x->from_file && old != nullptr && old->content_hash == now.content_hash;
  if (refusal || same) {
    if (refusal)
      done(std::move(refusal));
    else
      done(definition_stored{*old, false, false});
    turn_over(id);
    return;
  }
  now.updated_at = clock->now();
  now.created_at = old == nullptr ? now.updated_at : old->created_at;
  if (x->from_file)
    now.updated = old != nullptr;
  auto made = std::make_shared<commit>();
  storage::put_definition(made->ops, now);
  self->request(collector, store_deadline, atom::commit_v, std::move(made))
    .then(
      [this, x, id, done, is_new = old == nullptr] {
        for (const auto& watcher : watchers)
          self->send(watcher, atom::put_v, x->definition);
        done(definition_stored{std::move(x->definition), is_new, true});
        turn_over(id);
      },
      [this, id, done](caf::error& e) {
        done(std::move(e));
        turn_over(id);
      });
}

caf::typed_response_promise<definition_stored>
dispatcher_state::on_change(definition_change& x) {
  auto reply = self->make_response_promise<definition_stored>();
  change(std::make_shared<definition_change>(std::move(x)),
         [reply](caf::expected<definition_stored> y) mutable {
           if (y)
             reply.deliver(std::move(*y));
           else
             reply.deliver(std::move(y.error()));
         });
  return reply;
}

caf::typed_response_promise<bool>
dispatcher_state::on_put(job_definition& definition) {
  auto reply = self->make_response_promise<bool>();
  auto x = std::make_shared<definition_change>();
  x->definition = std::move(definition);
  x->forced = true;
  change(x, [reply](caf::expected<definition_stored> y) mutable {
    if (y)
      reply.deliver(y->is_new);
    else
      reply.deliver(std::move(y.error()));
  });
  return reply;
}

void dispatcher_state::remove(const definition_removal& x, ack_promise reply) {
  self->request(reader, reader_deadline, atom::get_v, x.id)
    .then([this, x,
           reply](const job_definition& old) { remove_known(x, old, reply); },
          [this, x, reply](caf::error& e) mutable {
            reply.deliver(std::move(e));
            turn_over(x.id);
          });
}

void dispatcher_state::remove_known(const definition_removal& x,
                                    const job_definition& old,
                                    ack_promise reply) {
  auto refusal = old.job_type == system_type ? of_the_system(x.id)
                                             : check_version(x.if_match, &old);
  if (refusal) {
    reply.deliver(std::move(refusal));
    turn_over(x.id);
    return;
  }
  auto change = std::make_shared<commit>();
  storage::remove_definition(change->ops, x.id);
  storage::remove_schedule(change->ops, x.id);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, id = x.id, reply]() mutable {
        for (const auto& watcher : watchers)
          self->send(watcher, atom::remove_v, id);
        acknowledge(reply);
        turn_over(id);
      },
      [this, id = x.id, reply](caf::error& e) mutable {
        reply.deliver(std::move(e));
        turn_over(id);
      });
}

ack_promise dispatcher_state::on_remove(const definition_removal& x) {
  auto reply = self->make_response_promise<void>();
  in_turn(x.id, [this, x, reply] { remove(x, reply); });
  return reply;
}

void dispatcher_state::on_watch(const std::string& definition_id,
                                const job_id& run, bool goes_on) {
  if (goes_on)
    active[definition_id].runs.push_back(run);
  else
    run_over(definition_id, run);
  for (const auto& x : watchers)
    self->send(x, atom::watch_v, definition_id, run, goes_on);
}

void dispatcher_state::on_subscribe(definition_watcher_actor watcher) {
  for (const auto& [id, x] : active)
    for (const auto& run : x.runs)
      self->send(watcher, atom::watch_v, id, run, true);
  watchers.push_back(std::move(watcher));
}

actor_status dispatcher_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"active", static_cast<int64_t>(active.size())},
           {"recovered", recovered ? 1 : 0},
           {"draining", draining ? 1 : 0}}};
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
    [self](atom::rerun, const rerun_request& x) {
      return self->state.on_rerun(x);
    },
    [self](atom::put, job_definition& x) { return self->state.on_put(x); },
    [self](atom::put, definition_change& x) {
      return self->state.on_change(x);
    },
    [self](atom::remove, const definition_removal& x) {
      return self->state.on_remove(x);
    },
    [self](atom::subscribe, definition_watcher_actor& x) {
      self->state.on_subscribe(std::move(x));
    },
    [self](atom::recover) { self->state.on_recover(); },
    [self](atom::drain) { self->state.draining = true; },
    [self](atom::watch, const std::string& x, const job_id& run, bool on) {
      self->state.on_watch(x, run, on);
    },
  };
}

} // namespace quaero
