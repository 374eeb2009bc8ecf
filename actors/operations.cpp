#include "actors/operations.hpp"

#include "actors/deadlines.hpp"
#include "definitions/log.hpp"
#include "storage/life_tables.hpp"

#include <caf/sec.hpp>

#include <algorithm>
#include <utility>

namespace quaero {

namespace {

/// Whether the state of a job leaves something to be done.
bool concerns(operation_action action, const job_view& x) {
  const auto status = x.state.status;
  const bool is_work
    = x.job.type != manager_job_type && x.job.type != step_job_type;
  switch (action) {
    case operation_action::cancel:
      return !is_terminal(status);
    case operation_action::retry:
      return is_work && !x.label.retried_as
             && (status == job_status::failed
                 || status == job_status::cancelled);
    case operation_action::remove:
      return true;
  }
  return false;
}

/// Whether an error says that nothing had to be done (any more).
bool means_nothing_to_do(operation_action action, const caf::error& why) {
  if (why == caf::error{ec::not_found})
    return true;
  // A job that is not over is no job that is gone.
  return action != operation_action::remove
         && (why == caf::error{ec::wrong_state}
             || why == caf::error{ec::conflict});
}

bool daemon_ends(const caf::error& why) {
  return why == caf::sec::request_receiver_down
         || why == caf::exit_reason::kill;
}

} // namespace

// -- tools --------------------------------------------------------------------

size_t operations_state::running() const {
  return static_cast<size_t>(
    std::count_if(all.begin(), all.end(), [](const auto& x) {
      return x.second.what.status == operation_status::running;
    }));
}

size_t operations_state::in_flight_max(operation_action action) const {
  return action == operation_action::remove ? config.removals_in_flight_max
                                            : config.in_flight_max;
}

/// Makes room for one more.
void operations_state::forget_old(storage::write_batch& out) {
  for (auto i = all.begin(); i != all.end() && all.size() >= config.kept_max;) {
    if (i->second.what.status == operation_status::running) {
      ++i;
      continue;
    }
    storage::remove_operation(out, i->first);
    i = all.erase(i);
  }
}

void operations_state::add_error(operation& x, const job_id& job,
                                 std::string message) const {
  if (x.errors.size() < config.errors_max)
    x.errors.push_back({job, std::move(message)});
}

// -- messages -----------------------------------------------------------------

operations_state::promise
operations_state::on_start(const operation_request& x) {
  auto reply = self->make_response_promise<operation>();
  work one;
  one.what.action = x.action;
  one.what.created_at = clock->now();
  std::string error;
  if (!parse_job_filter(x.query, one.what.created_at, one.filter, error)) {
    reply.deliver(make_error(ec::invalid_argument, "q: " + error));
    return reply;
  }
  if (running() + starting >= config.running_max) {
    reply.deliver(
      make_error(ec::limit_reached, std::to_string(config.running_max)
                                      + " operations go on (running_max)"));
    return reply;
  }
  // With times instead of ages, which would move.
  one.what.query = to_string(one.filter);
  one.what.id = ids->next();
  one.what.position = one.what.id;
  job_query count;
  count.filter = one.filter;
  count.after = one.what.id;
  count.limit = 1;
  ++starting;
  self->request(reader, reader_deadline, atom::list_v, std::move(count))
    .then(
      [this, reply, one](const job_page& found) mutable {
        begin(std::move(reply), std::move(one), found);
      },
      [this, reply](caf::error& e) mutable {
        --starting;
        reply.deliver(std::move(e));
      });
  return reply;
}

caf::result<operation> operations_state::on_get(const job_id& id) const {
  auto i = all.find(id);
  if (i == all.end())
    return make_error(ec::not_found, "no operation " + to_string(id));
  return i->second.what;
}

std::vector<operation> operations_state::on_list() const {
  std::vector<operation> out;
  for (auto i = all.rbegin(); i != all.rend(); ++i)
    out.push_back(i->second.what);
  return out;
}

operations_state::promise operations_state::on_cancel(const job_id& id) {
  auto reply = self->make_response_promise<operation>();
  auto i = all.find(id);
  if (i == all.end()) {
    reply.deliver(make_error(ec::not_found, "no operation " + to_string(id)));
    return reply;
  }
  auto& x = i->second;
  if (x.what.status != operation_status::running) {
    reply.deliver(make_error(ec::wrong_state,
                             "the operation is " + to_string(x.what.status)));
    return reply;
  }
  x.waiting.push_back(reply);
  x.stopping = true;
  x.page.clear();
  if (!x.between && x.in_flight == 0)
    end_page(x);
  return reply;
}

void operations_state::on_recover() {
  // Who asks meanwhile is answered afterwards: an operation of before the start
  // is not to be taken for one that never was.
  self->request(reader, reader_deadline, atom::operations_v)
    .await([this](std::vector<operation>& found) { resume(found); },
           [](caf::error& e) {
             log::error("operations.unreadable", {{"error", message_of(e)}});
           });
}

actor_status operations_state::on_status() const {
  return {name,
          self->mailbox().size(),
          {{"running", static_cast<int64_t>(running())},
           {"kept", static_cast<int64_t>(all.size())}}};
}

// -- the way through ----------------------------------------------------------

void operations_state::begin(promise reply, work x, const job_page& found) {
  x.what.total = found.total;
  x.what.total_is_exact = found.total_is_exact;
  auto change = std::make_shared<commit>();
  forget_old(change->ops);
  storage::put_operation(change->ops, x.what);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, reply, x]() mutable {
        --starting;
        const auto id = x.what.id;
        reply.deliver(x.what);
        all.insert_or_assign(id, std::move(x));
        read_page(id);
      },
      [this, reply](caf::error& e) mutable {
        reply.deliver(e);
        self->quit(e);
      });
}

void operations_state::resume(std::vector<operation>& found) {
  for (auto& x : found) {
    const auto id = x.id;
    auto& one = all[id];
    one.what = std::move(x);
    if (one.what.status != operation_status::running)
      continue;
    std::string error;
    if (parse_job_filter(one.what.query, clock->now(), one.filter, error)) {
      log::info("operation.recovered", {{"operation", to_string(id)}});
      read_page(id);
    } else {
      end(one, operation_status::failed, error);
    }
  }
}

void operations_state::read_page(const job_id& id) {
  job_query query;
  query.filter = all.at(id).filter;
  query.after = all.at(id).what.position;
  query.limit = config.page_jobs_max;
  query.count = count_mode::none;
  self->request(reader, reader_deadline, atom::list_v, std::move(query))
    .then([this, id](const job_page& page) { on_page(id, page); },
          [this, id](caf::error& e) {
            if (!daemon_ends(e))
              end(all.at(id), operation_status::failed, message_of(e));
          });
}

void operations_state::on_page(const job_id& id, const job_page& page) {
  auto& x = all.at(id);
  x.between = false;
  x.page_end = page.next;
  if (!x.stopping)
    for (const auto& job : page.jobs) {
      if (concerns(x.what.action, job))
        x.page.push_back(job.job.id);
      else
        ++x.what.skipped;
    }
  pump(x);
}

void operations_state::pump(work& x) {
  const auto limit = in_flight_max(x.what.action);
  while (x.in_flight < limit && !x.page.empty()) {
    const auto job = x.page.front();
    x.page.pop_front();
    ++x.in_flight;
    act(x.what.id, x.what.action, job);
  }
  if (x.in_flight == 0 && x.page.empty())
    end_page(x);
}

void operations_state::act(const job_id& id, operation_action action,
                           const job_id& job) {
  auto done = [this, id, job] { on_outcome(id, job, caf::none); };
  auto bad = [this, id, job](caf::error& e) { on_outcome(id, job, e); };
  switch (action) {
    case operation_action::cancel:
      self->request(jobs, cancel_deadline, atom::cancel_v, job).then(done, bad);
      break;
    case operation_action::retry:
      self->request(jobs, store_deadline, atom::retry_v, job)
        .then([done](const job_made&) { done(); }, bad);
      break;
    case operation_action::remove:
      self->request(jobs, store_deadline, atom::remove_v, job)
        .then([done](const removal&) { done(); }, bad);
      break;
  }
}

void operations_state::on_outcome(const job_id& id, const job_id& job,
                                  const caf::error& why) {
  if (daemon_ends(why))
    return; // it goes on with the next one
  auto& x = all.at(id);
  --x.in_flight;
  if (!why) {
    ++x.what.done;
  } else if (means_nothing_to_do(x.what.action, why)) {
    ++x.what.skipped;
  } else {
    ++x.what.failed;
    add_error(x.what, job, message_of(why));
  }
  pump(x);
}

/// Nothing of the page is left or under way.
void operations_state::end_page(work& x) {
  if (std::exchange(x.between, true))
    return;
  if (x.stopping)
    return end(x, operation_status::cancelled, {});
  if (!x.page_end)
    return end(x, operation_status::completed, {});
  x.what.position = x.page_end;
  store(x, [this](work& y) {
    if (y.stopping)
      end(y, operation_status::cancelled, {});
    else
      read_page(y.what.id);
  });
}

void operations_state::end(work& x, operation_status status,
                           std::string error) {
  x.between = true;
  auto over = x.what;
  over.status = status;
  over.error = std::move(error);
  over.finished_at = clock->now();
  // What is asked meanwhile is told how it is: it goes on until that is stored.
  auto change = std::make_shared<commit>();
  storage::put_operation(change->ops, over);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then(
      [this, over] {
        auto& y = all.at(over.id);
        y.what = over;
        for (auto& reply : std::exchange(y.waiting, {}))
          reply.deliver(over);
        log::info("operation.ended", {{"operation", to_string(over.id)},
                                      {"status", to_string(over.status)},
                                      {"done", over.done},
                                      {"failed", over.failed}});
      },
      [this](caf::error& e) { self->quit(e); });
}

void operations_state::store(work& x, std::function<void(work&)> then) {
  auto change = std::make_shared<commit>();
  storage::put_operation(change->ops, x.what);
  self->request(collector, store_deadline, atom::commit_v, std::move(change))
    .then([this, id = x.what.id, then] { then(all.at(id)); },
          [this](caf::error& e) { self->quit(e); });
}

operations_actor::behavior_type
operations(operations_actor::stateful_pointer<operations_state> self,
           operations_config config, job_manager_actor jobs,
           reader_actor reader, log_collector_actor collector,
           std::shared_ptr<id_generator> ids, const wall_clock* clock) {
  if (config.running_max == 0 || config.page_jobs_max == 0
      || config.in_flight_max == 0 || config.removals_in_flight_max == 0
      || config.kept_max <= config.running_max) {
    self->quit(make_error(ec::invalid_config, "operations: a limit is 0"));
    return operations_actor::behavior_type::make_empty_behavior();
  }
  auto& st = self->state;
  st.config = config;
  st.jobs = std::move(jobs);
  st.reader = std::move(reader);
  st.collector = std::move(collector);
  st.ids = std::move(ids);
  st.clock = clock;
  return {
    [self](atom::status) { return self->state.on_status(); },
    [self](atom::start, const operation_request& x) {
      return self->state.on_start(x);
    },
    [self](atom::get, const job_id& x) { return self->state.on_get(x); },
    [self](atom::list) { return self->state.on_list(); },
    [self](atom::cancel, const job_id& x) { return self->state.on_cancel(x); },
    [self](atom::recover) { self->state.on_recover(); },
  };
}

} // namespace quaero
