#include "bench/harness.hpp"

#include "actors/deadlines.hpp"
#include "actors/nodes/caf_end.hpp"
#include "actors/nodes/node_gate.hpp"
#include "actors/workers/noop/noop_worker.hpp"
#include "storage/format.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/tables.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace quaero::bench {

namespace {

constexpr std::chrono::minutes accept_limit{10};
constexpr std::chrono::minutes run_limit{60};

/// Counts ends as they are published; the last one tells.
event_sink_actor::behavior_type counter(event_sink_actor::pointer self,
                                        uint64_t wanted, caf::actor tell) {
  auto seen = std::make_shared<uint64_t>(0);
  return {
    [=](atom::publish, const event_block_ptr& block) {
      for (const auto& x : block->events)
        if (x.status == job_status::completed && ++*seen == wanted) {
          caf::anon_send(tell, atom::done_v);
          self->quit();
        }
    },
  };
}

/// What callers share.
class submissions {
public:
  submissions(uint64_t jobs, const new_job& job, const bench_options& how,
              bench_runtime::job_change change)
    : in_flight{how.in_flight}, job_{job}, level_{how.level}, batch_{how.batch},
      change_{std::move(change)}, left_{jobs} {}

  const uint32_t in_flight;

  /// @returns false if there is none any more.
  bool next(submission& out) {
    auto left = left_.load();
    uint64_t size = 0;
    do {
      size = std::min<uint64_t>(batch_, left);
      if (size == 0)
        return false;
    } while (!left_.compare_exchange_weak(left, left - size));
    out.jobs.assign(size, job_);
    out.level = level_;
    for (size_t i = 0; change_ && i < size; ++i)
      change_(out.jobs[i], left - size + i);
    return true;
  }

private:
  const new_job job_;
  const durability level_;
  const uint32_t batch_;
  const bench_runtime::job_change change_;
  std::atomic<uint64_t> left_;
};

struct client_state {
  uint32_t waiting = 0; ///< For answers.
};

void submit_next(caf::stateful_actor<client_state>* self,
                 const job_manager_actor& jobs,
                 const std::shared_ptr<submissions>& work,
                 const caf::actor& tell) {
  submission x;
  if (!work->next(x)) {
    if (self->state.waiting == 0) {
      self->send(tell, atom::sealed_v);
      self->quit();
    }
    return;
  }
  ++self->state.waiting;
  self->request(jobs, store_deadline, atom::submit_v, std::move(x))
    .then(
      [=](const id_list&) {
        --self->state.waiting;
        submit_next(self, jobs, work, tell);
      },
      [=](const caf::error& why) {
        self->send(tell, atom::sealed_v, why);
        self->quit();
      });
}

/// Keeps some submissions under way until there are no more; then tells.
caf::behavior client(caf::stateful_actor<client_state>* self,
                     const job_manager_actor& jobs,
                     const std::shared_ptr<submissions>& work,
                     const caf::actor& tell) {
  for (uint32_t i = 0;
       i == 0 || (i < work->in_flight && self->state.waiting == i); ++i)
    submit_next(self, jobs, work, tell);
  return {[](atom::sealed) {}};
}

[[noreturn]] void fail(const caf::error& why) {
  throw std::runtime_error{message_of(why)};
}

} // namespace

distribution distribution_of(std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back()};
}

void require(const storage::status& x) {
  if (!x.ok())
    throw std::runtime_error{x.message};
}

std::shared_ptr<storage::store>
open_database(const std::string& dir, const storage::leveldb_options& how) {
  std::filesystem::create_directories(dir);
  std::unique_ptr<storage::store> db;
  require(storage::open_leveldb(dir + "/db", how, db));
  require(storage::open_format(*db));
  return db;
}

std::shared_ptr<storage::store>
make_database(const std::string& dir, const storage::leveldb_options& how) {
  std::filesystem::remove_all(dir);
  return open_database(dir, how);
}

new_job make_noop(uint32_t payload) {
  new_job job;
  job.type = "noop";
  job.name = "noop";
  job.config = R"({"payload":")";
  job.config.append(payload - job.config.size() - 2, 'x');
  job.config += "\"}";
  return job;
}

actors_config::actors_config(uint64_t threads, const std::string& policy,
                             bool remote) {
  add_message_types<caf::id_block::quaero_types>();
  if (remote) {
    use_nodes(*this);
    add_node_messages(*this);
  }
  set("scheduler.policy", caf::atom_from_string(policy));
  set("scheduler.max-threads", threads);
  set("logger.file-verbosity", caf::atom("quiet"));
  set("logger.console-verbosity", caf::atom("quiet"));
}

bench_runtime::bench_runtime(std::shared_ptr<storage::store> db,
                             const bench_options& how, runtime_config config,
                             const worker_kinds& kinds, const wall_clock& time,
                             bool remote)
  : config_{how.threads, how.policy, remote}, system_{config_}, self_{system_} {
  require(storage::next_boot(*db, boot_));
  runtime_ = std::make_unique<runtime>(
    system_, std::move(config), std::move(db), boot_, time,
    [](std::string_view) { return std::nullopt; }, kinds);
}

uint64_t bench_runtime::recover() {
  const auto found = runtime_->recover();
  if (!found)
    fail(found.error());
  return *found;
}

void bench_runtime::submit(uint64_t n, const new_job& job,
                           const bench_options& how, const job_change& change) {
  auto work = std::make_shared<submissions>(n, job, how, change);
  const auto tell = caf::actor_cast<caf::actor>(self_);
  for (uint32_t i = 0; i < how.clients; ++i)
    system_.spawn(client, runtime_->jobs, work, tell);
  for (uint32_t ended = 0; ended < how.clients; ++ended)
    self_->receive([](atom::sealed) {},
                   [](atom::sealed, const caf::error& why) { fail(why); });
}

void bench_runtime::count_ends(uint64_t n) {
  self_->send(runtime_->hub, atom::subscribe_v,
              event_sink_actor{
                system_.spawn(counter, n, caf::actor_cast<caf::actor>(self_))});
}

void bench_runtime::await_done() {
  self_->receive([](atom::done) {});
}

void bench_runtime::pause(bool paused) {
  queue_change change;
  change.name = "default";
  change.paused = paused;
  self_
    ->request(runtime_->queue, accept_limit, atom::queues_v, std::move(change))
    .receive([](const queue_info&) {}, fail);
}

void bench_runtime::put(const job_definition& x) {
  self_->request(runtime_->dispatcher, accept_limit, atom::put_v, x)
    .receive([](bool) {}, fail);
}

void bench_runtime::run(const std::string& definition) {
  run_request wanted;
  wanted.definition_id = definition;
  job_id run;
  self_
    ->request(runtime_->dispatcher, accept_limit, atom::execute_v,
              std::move(wanted))
    .receive([&](const run_started& x) { run = x.manager; }, fail);
  self_->request(runtime_->jobs, run_limit, atom::watch_v, run)
    .receive(
      [](const job_view& x) {
        if (x.state.status != job_status::completed)
          throw std::runtime_error{"the run is " + to_string(x.state.status)
                                   + ": " + x.state.error};
      },
      fail);
}

worker_kinds noop_only(uint32_t slots) {
  return [slots](const worker_environment& environment) {
    auto out = noop::kind(environment);
    if (slots > 0)
      out.slots = slots;
    return std::vector<worker_kind>{std::move(out)};
  };
}

std::vector<worker_kind> no_workers(const worker_environment&) {
  return {};
}

} // namespace quaero::bench
