#include "bench/throughput.hpp"

#include "actors/new_jobs.hpp"
#include "actors/runtime.hpp"
#include "actors/workers/noop/noop_worker.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/tables.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace quaero::bench {

namespace {

using clock = std::chrono::steady_clock;

double per_second(uint64_t n, clock::duration took) {
  return static_cast<double>(n) / std::chrono::duration<double>(took).count();
}

std::shared_ptr<storage::store> open(const std::string& dir) {
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  std::unique_ptr<storage::store> db;
  auto result = storage::open_leveldb(dir + "/db", {}, db);
  if (result.ok())
    result = storage::open_format(*db);
  if (!result.ok())
    throw std::runtime_error{"database in " + dir + ": " + result.message};
  return db;
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

/// Counts ends as they are published; the last one stops the clock.
event_sink_actor::behavior_type counter(event_sink_actor::pointer,
                                        uint64_t wanted, caf::actor tell) {
  auto seen = std::make_shared<uint64_t>(0);
  return {
    [=](atom::publish, const event_block_ptr& block) {
      for (const auto& x : block->events)
        if (x.status == job_status::completed && ++*seen == wanted)
          caf::anon_send(tell, atom::done_v);
    },
  };
}

/// Keeps `in_flight` submissions under way until all jobs are accepted.
void submit_all(caf::scoped_actor& self, runtime& rt,
                const throughput_config& how) {
  uint64_t sent = 0;
  uint32_t waiting = 0;
  const auto job = make_noop(how.payload);
  std::vector<caf::response_handle<caf::blocking_actor,
                                   caf::detail::type_list<id_list>, true>>
    replies;
  size_t next = 0;
  while (sent < how.jobs || waiting > 0) {
    while (sent < how.jobs && waiting < how.in_flight) {
      submission x;
      const auto n = std::min<uint64_t>(how.batch, how.jobs - sent);
      x.jobs.assign(n, job);
      x.level = how.level;
      replies.push_back(self->request(rt.jobs, std::chrono::seconds{120},
                                      atom::submit_v, std::move(x)));
      sent += n;
      ++waiting;
    }
    replies[next++].receive(
      [](const id_list&) {},
      [](const caf::error& e) { throw std::runtime_error{message_of(e)}; });
    --waiting;
  }
}

/// Every job there, completed by its first attempt, nothing waiting.
std::string check(const storage::store& db, uint64_t jobs) {
  uint64_t waiting = 0;
  storage::read_queue(db, [&](storage::queue_entry&&) { ++waiting; });
  if (waiting != 0)
    return std::to_string(waiting) + " queue entries are left";
  uint64_t found = 0;
  uint64_t completed = 0;
  job_id before;
  std::vector<job_id> ids;
  do {
    ids.clear();
    storage::read_roots(db, before, 10'000, ids);
    for (const auto& id : ids) {
      ++found;
      std::vector<job_event> events;
      storage::read_events(db, id, events);
      completed += events.size() == 1
                   && fold(events).status == job_status::completed
                   && events[0].attempt == 1;
      before = id;
    }
  } while (!ids.empty());
  if (found != jobs)
    return std::to_string(found) + " jobs are there";
  if (completed != jobs)
    return std::to_string(completed) + " jobs are completed exactly once";
  return {};
}

struct bench_config : caf::actor_system_config {
  explicit bench_config(uint64_t threads) {
    add_message_types<caf::id_block::quaero_types>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads);
    set("logger.file-verbosity", caf::atom("quiet"));
    set("logger.console-verbosity", caf::atom("quiet"));
  }
};

runtime_config runtime_of(const throughput_config& how) {
  runtime_config out;
  out.queue.report_durability = how.level;
  out.queue.length_max = how.jobs + 1;
  return out;
}

} // namespace

throughput_result run_throughput(const throughput_config& how) {
  throughput_result out;
  const auto dir = how.dir + "/actors";
  auto db = open(dir);
  uint64_t boot = 0;
  storage::next_boot(*db, boot);
  {
    bench_config config{how.threads};
    caf::actor_system system{config};
    runtime rt{system,
               runtime_of(how),
               db,
               boot,
               system_wall_clock(),
               [](std::string_view) { return std::nullopt; },
               [](const worker_environment& x) {
                 return std::vector<worker_kind>{noop::kind(x)};
               }};
    caf::scoped_actor self{system};
    auto sink
      = system.spawn(counter, how.jobs, caf::actor_cast<caf::actor>(self));
    self->send(rt.hub, atom::subscribe_v, sink);
    rt.recover();
    const auto begin = clock::now();
    submit_all(self, rt, how);
    self->receive([](atom::done) {});
    out.jobs_per_s = per_second(how.jobs, clock::now() - begin);
    self->send_exit(sink, caf::exit_reason::user_shutdown);
  }
  out.problem = check(*db, how.jobs);
  out.exact = out.problem.empty();
  db.reset();
  std::filesystem::remove_all(dir);
  out.raw_jobs_per_s = run_raw(how);
  return out;
}

double run_raw(const throughput_config& how) {
  const auto dir = how.dir + "/raw";
  auto db = open(dir);
  id_generator ids{system_wall_clock(), 1};
  const auto job = make_noop(how.payload);
  const bool sync = how.level != durability::buffered;
  const auto begin = clock::now();
  uint64_t sequence = 0;
  uint64_t epoch = uint64_t{1} << 32;
  for (uint64_t done = 0; done < how.jobs;) {
    const auto n = std::min<uint64_t>(how.batch, how.jobs - done);
    const auto now = system_wall_clock().now();
    std::vector<new_job> jobs(n, job);
    storage::write_batch batch;
    auto made = make_jobs(jobs, {}, ids, now, batch);
    for (const auto& x : made)
      storage::put_queue_entry(batch, {{x.priority, ++sequence},
                                       x.id,
                                       {},
                                       {},
                                       x.type,
                                       x.queue,
                                       x.priority,
                                       {},
                                       0,
                                       {},
                                       {},
                                       {}});
    auto result = db->write(batch, sync);
    batch.clear();
    sequence -= n;
    for (const auto& x : made) {
      job_event event;
      event.id = x.id;
      event.status = job_status::completed;
      event.at = event.started_at = now;
      event.epoch = ++epoch;
      event.attempt = 1;
      storage::put_event(batch, 2, event);
      storage::remove_queue_entry(batch, {x.priority, ++sequence});
    }
    if (result.ok())
      result = db->write(batch, sync);
    if (!result.ok())
      throw std::runtime_error{result.message};
    done += n;
  }
  const auto rate = per_second(how.jobs, clock::now() - begin);
  db.reset();
  std::filesystem::remove_all(dir);
  return rate;
}

} // namespace quaero::bench
