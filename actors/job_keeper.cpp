#include "actors/job_keeper.hpp"

#include "actors/deadlines.hpp"
#include "actors/rerun.hpp"
#include "definitions/json.hpp"
#include "definitions/log.hpp"
#include "definitions/validation.hpp"

#include <algorithm>
#include <set>

namespace quaero {

namespace {

/// Ids of children taken from the index at a time.
constexpr size_t page_ids = 1000;

caf::error failed(const storage::status& why) {
  if (why.code == storage::errc::not_found)
    return make_error(ec::not_found, "no such job");
  return make_error(ec::storage_failed, why.message);
}

caf::error check_text(const std::optional<std::string>& x, const char* what,
                      size_t bytes_max) {
  if (x && x->size() > bytes_max)
    return make_error(ec::invalid_argument, std::string{what} + ": at most "
                                              + std::to_string(bytes_max)
                                              + " bytes");
  return caf::none;
}

bool is_work(const queue_job& x) {
  return x.type != manager_job_type && x.type != step_job_type;
}

caf::error no_step_alone(const queue_job& x, const char* what) {
  return make_error(ec::invalid_argument,
                    "a step cannot be " + std::string{what}
                      + " alone; its run is " + to_string(x.manager_id));
}

/// Its label is on its way to the disk.
caf::error being_changed() {
  return make_error(ec::conflict, "the job is being changed: try again");
}

/// Every job that `x` is below, and itself.
std::set<job_id> chain_of(const queue_job& x) {
  std::set<job_id> out{x.id, x.parent_id, x.step_id, x.manager_id};
  out.erase(job_id{});
  return out;
}

} // namespace

// -- tools --------------------------------------------------------------------

caf::error job_keeper_state::read(const job_id& id, job_view& out) const {
  auto result = storage::read_job(*db, id, out.job);
  std::vector<job_event> events;
  if (result.ok())
    result = storage::read_events(*db, id, events);
  if (result.ok())
    result = storage::read_label(*db, id, out.label);
  if (!result.ok())
    return failed(result);
  if (auto i = labels.find(id); i != labels.end())
    out.label = i->second.label;
  out.state = fold(events, out.job.type == step_job_type);
  if (removing && chain_of(out.job).count(removing) != 0)
    return make_error(ec::conflict, "the job is being removed");
  return caf::none;
}

caf::error job_keeper_state::read_steps(const job_id& run,
                                        std::vector<job_view>& out) const {
  job_id after;
  std::vector<job_id> found;
  do {
    auto result = storage::read_children(*db, run, after, page_ids, found);
    if (!result.ok())
      return failed(result);
    for (const auto& id : found) {
      if (auto e = read(id, out.emplace_back()))
        return e;
      after = id;
    }
  } while (found.size() == page_ids);
  return caf::none;
}

void job_keeper_state::use(const queue_job& x, int change) {
  for (const auto& id : chain_of(x)) {
    auto& n = in_use[id];
    n = static_cast<size_t>(static_cast<int>(n) + change);
    if (n == 0)
      in_use.erase(id);
  }
  if (change < 0)
    arm();
}

// -- removal ------------------------------------------------------------------

job_keeper_state::removal_promise
job_keeper_state::on_remove(const job_id& id) {
  auto reply = self->make_response_promise<removal>();
  if (removals.size() >= config.removals_max) {
    reply.deliver(
      make_error(ec::limit_reached, "more than removals_max ("
                                      + std::to_string(config.removals_max)
                                      + ") removals wait"));
    return reply;
  }
  removals.push_back({job_removal{db, id}, reply});
  arm();
  return reply;
}

void job_keeper_state::arm() {
  if (working || removals.empty())
    return;
  working = true;
  self->send(self, atom::flush_v);
}

/// @returns whether the removal is over, one way or the other.
bool job_keeper_state::take_piece(waiting_removal& x, size_t& looks,
                                  size_t& keys, commit& change,
                                  job_removal::id_set& taken) {
  removing = x.work.root();
  caf::error why;
  if (!x.work.checked())
    why = x.work.check(looks);
  if (!why && x.work.checked())
    why = x.work.take(keys, change, taken);
  if (why)
    x.reply.deliver(why);
  const bool over = why || x.work.done();
  if (over)
    removing = job_id{};
  return over;
}

void job_keeper_state::gather(commit& change, finished_removals& finished) {
  auto looks = config.look_jobs_max;
  auto keys = config.commit_keys_max;
  job_removal::id_set taken;
  size_t waiting = 0; // in a row, for something else to end
  while (looks > 0 && keys > 0 && waiting < removals.size()) {
    auto& x = removals.front();
    if (!removing && in_use.count(x.work.root()) != 0) {
      ++waiting;
      removals.push_back(std::move(x));
      removals.pop_front();
      continue;
    }
    waiting = 0;
    if (!take_piece(x, looks, keys, change, taken))
      continue; // one of the two is used up
    if (x.work.done())
      finished.emplace_back(x.reply, x.work.removed());
    removals.pop_front();
  }
}

void job_keeper_state::on_flush() {
  auto change = std::make_shared<commit>();
  auto finished = std::make_shared<finished_removals>();
  gather(*change, *finished);
  const bool all_wait = std::all_of(
    removals.begin(), removals.end(), [&](const waiting_removal& x) {
      return x.work.root() != removing && in_use.count(x.work.root()) != 0;
    });
  if (change->ops.empty()) {
    working = false;
    if (!all_wait)
      arm();
    return;
  }
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, finished] {
        for (auto& [reply, what] : *finished) {
          removed += static_cast<int64_t>(what.jobs) + 1;
          reply.deliver(what);
        }
        working = false;
        arm();
      },
      [this, finished](caf::error& e) {
        for (auto& [reply, what] : *finished)
          reply.deliver(e);
        self->quit(e);
      });
}

// -- labels and copies --------------------------------------------------------

void job_keeper_state::store_label(const job_id& id, job_label x,
                                   commit_ptr with) {
  storage::put_label(with->ops, id, x);
  auto& at = labels[id];
  at.label = std::move(x);
  ++at.commits;
}

ack_promise job_keeper_state::on_put(const job_id& id,
                                     const label_change& change) {
  auto reply = self->make_response_promise<void>();
  job_view old;
  auto why = check_text(change.name, "name", config.name_bytes_max);
  if (!why)
    why = check_text(change.description, "description",
                     config.description_bytes_max);
  if (!why)
    why = read(id, old);
  if (!why && retrying.count(id) != 0)
    why = being_changed();
  if (why) {
    reply.deliver(std::move(why));
    return reply;
  }
  auto label = old.label;
  label.name = change.name.value_or(label.name);
  label.description = change.description.value_or(label.description);
  if (label.name == old.job.name)
    label.name.clear();
  auto x = std::make_shared<commit>();
  store_label(id, std::move(label), x);
  use(old.job, 1);
  auto over = [this, job = old.job] {
    if (--labels[job.id].commits == 0)
      labels.erase(job.id);
    use(job, -1);
  };
  self->request(collector, store_deadline, atom::commit_v, std::move(x))
    .then(
      [reply, over]() mutable {
        over();
        acknowledge(reply);
      },
      [this, reply](caf::error& e) mutable {
        reply.deliver(e);
        self->quit(e);
      });
  return reply;
}

job_keeper_state::made_promise job_keeper_state::on_copy(const job_id& id) {
  auto reply = self->make_response_promise<job_made>();
  job_view old;
  auto why = read(id, old);
  if (!why && old.job.type == step_job_type)
    why = no_step_alone(old.job, "copied");
  if (why) {
    reply.deliver(std::move(why));
    return reply;
  }
  auto job = old.job;
  job.id = ids->next();
  job.name = old.name() + " (Copy)";
  job.parent_id = job.step_id = job_id{};
  job.manager_id = is_work(job) ? job_id{} : job.id;
  job.depth = 0;
  job.created_at = clock->now();
  job.run_at = job.expires_at = {};
  job.metadata = with_member(job.metadata, "copy_of", to_string(id));
  job_label label;
  label.description = old.label.description;
  label.held = true;
  auto x = std::make_shared<commit>();
  storage::put_job(x->ops, job);
  storage::put_label(x->ops, job.id, label);
  x->add_job(job);
  if (!is_work(job))
    x->runs.emplace_back(job.id, storage::run_facets_of(job));
  job_made made{job.id, job.name, {}};
  self->request(collector, store_deadline, atom::commit_v, std::move(x))
    .then([reply, made]() mutable { reply.deliver(std::move(made)); },
          [this, reply](caf::error& e) mutable {
            reply.deliver(e);
            self->quit(e);
          });
  return reply;
}

// -- jobs made of jobs --------------------------------------------------------

job_keeper_state::made_promise job_keeper_state::on_retry(const job_id& id) {
  auto reply = self->make_response_promise<job_made>();
  job_view old;
  auto why = read(id, old);
  const auto now = old.state.status;
  if (!why && !is_work(old.job))
    why = make_error(ec::wrong_state,
                     "only a job that does work is tried again; rerun run "
                       + to_string(old.job.manager_id));
  else if (!why && now != job_status::failed && now != job_status::cancelled)
    why = make_error(ec::wrong_state, "the job is " + to_string(now)
                                        + ", neither failed nor cancelled");
  else if (!why && (retrying.count(id) != 0 || labels.count(id) != 0))
    why = being_changed();
  else if (!why && old.label.retried_as
           && storage::has_job(*db, old.label.retried_as))
    why = make_error(ec::conflict, "the job was tried again already, as job "
                                     + to_string(old.label.retried_as));
  if (why) {
    reply.deliver(std::move(why));
    return reply;
  }
  use(old.job, 1);
  retrying.insert(id);
  if (old.job.step_id)
    retry_in_step(reply, old);
  else
    make_root(reply, job_like(old.job, "retry_of"), old, true);
  return reply;
}

void job_keeper_state::end_retry(const queue_job& x) {
  retrying.erase(x.id);
  use(x, -1);
}

/// In its step if that goes on, else outside of a run.
void job_keeper_state::retry_in_step(made_promise reply, const job_view& old) {
  retry_order order{old.job.id,
                    old.label,
                    old.job.step_id,
                    old.job.manager_id,
                    job_like(old.job, "retry_of"),
                    dead_reason(old)};
  auto job = order.job;
  self->request(jobs, store_deadline, atom::retry_v, std::move(order))
    .then(
      [this, reply, old](const job_id& id) mutable {
        end_retry(old.job);
        reply.deliver(job_made{id, old.job.name, old.job.step_id});
      },
      [this, reply, old, job](caf::error& e) mutable {
        const bool over = e == caf::error{ec::wrong_state};
        if (over)
          return make_root(reply, std::move(job), old, true);
        end_retry(old.job);
        reply.deliver(std::move(e));
      });
}

void job_keeper_state::make_root(made_promise reply, new_job job,
                                 const job_view& old, bool is_retry) {
  submission x;
  job_made made{{}, job.name, {}};
  x.jobs.push_back(std::move(job));
  if (is_retry) {
    x.retry_of = old.job.id;
    x.label = old.label;
    x.reason = dead_reason(old);
  }
  self->request(jobs, store_deadline, atom::submit_v, std::move(x))
    .then(
      [this, reply, made, old, is_retry](const id_list& found) mutable {
        if (is_retry)
          end_retry(old.job);
        made.id = found.ids.front();
        reply.deliver(std::move(made));
      },
      [this, reply, old, is_retry](caf::error& e) mutable {
        if (is_retry)
          end_retry(old.job);
        reply.deliver(std::move(e));
      });
}

job_keeper_state::made_promise
job_keeper_state::on_rerun(const rerun_request& x) {
  auto reply = self->make_response_promise<job_made>();
  job_view old;
  auto why = read(x.job, old);
  if (!why && old.job.type == step_job_type)
    why = no_step_alone(old.job, "run");
  else if (!why && !is_terminal(old.state.status) && !old.label.held)
    why
      = make_error(ec::wrong_state, "the job is " + to_string(old.state.status)
                                      + ": cancel it first");
  else if (!why && is_work(old.job) && !x.from.empty())
    why = make_error(ec::invalid_argument, "from: only a run has steps");
  if (why) {
    reply.deliver(std::move(why));
    return reply;
  }
  if (!is_work(old.job)) {
    rerun_run(reply, old, x);
    return reply;
  }
  auto job = job_like(old.job, "rerun_of");
  job.config = with_values(job.config, x.config);
  make_root(reply, std::move(job), old, false);
  return reply;
}

void job_keeper_state::rerun_run(made_promise reply, const job_view& old,
                                 const rerun_request& x) {
  run_plan plan;
  plan.rerun_of = old.job.id;
  caf::error why;
  if (!read_snapshot(old.job, plan.definition))
    why = make_error(ec::storage_failed,
                     "the definition of the run cannot be read");
  if (!why)
    why = override_config(plan.definition.config, x.config);
  if (!why)
    if (auto errors = validate(plan.definition); !errors.empty())
      why = make_error(ec::invalid_argument, to_string(errors.front()));
  std::vector<job_view> steps;
  if (!why && !x.from.empty())
    why = read_steps(old.job.id, steps);
  if (!why && !x.from.empty())
    why = plan_kept(plan.definition, x.from, steps, plan.kept);
  if (why) {
    reply.deliver(std::move(why));
    return;
  }
  self->request(jobs, store_deadline, atom::start_v, std::move(plan))
    .then(
      [reply](run_started& made) mutable {
        reply.deliver(job_made{made.manager, std::move(made.name), {}});
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
}

// -- the actor ----------------------------------------------------------------

actor_status job_keeper_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"removals_waiting", static_cast<int64_t>(removals.size())},
           {"jobs_removed", removed}}};
}

job_keeper_impl::behavior_type
job_keeper(job_keeper_impl::stateful_pointer<job_keeper_state> self,
           job_keeper_config config, std::shared_ptr<const storage::store> db,
           log_collector_actor collector, std::shared_ptr<id_generator> ids,
           const wall_clock* clock) {
  if (config.commit_keys_max == 0 || config.look_jobs_max == 0
      || config.removals_max == 0) {
    self->quit(make_error(ec::invalid_config, "job keeper: a limit is 0"));
    return job_keeper_impl::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = config;
  st.db = std::move(db);
  st.collector = std::move(collector);
  st.ids = std::move(ids);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::attach, job_manager_actor& x) {
      self->state.jobs = std::move(x);
    },
    [self](atom::remove, const job_id& x) { return self->state.on_remove(x); },
    [self](atom::put, const job_id& x, const label_change& change) {
      return self->state.on_put(x, change);
    },
    [self](atom::copy, const job_id& x) { return self->state.on_copy(x); },
    [self](atom::retry, const job_id& x) { return self->state.on_retry(x); },
    [self](atom::rerun, const rerun_request& x) {
      return self->state.on_rerun(x);
    },
    [self](atom::flush) { self->state.on_flush(); },
  };
}

} // namespace quaero
