#include "bench/harness.hpp"

#include "actors/workers/noop/noop_worker.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace quaero::bench {

namespace {

constexpr std::chrono::minutes accept_limit{10};

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

} // namespace

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

double ms_since(clock::time_point begin) {
  return seconds_since(begin) * 1000;
}

distribution distribution_of(std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back()};
}

value as_value(const distribution& x) {
  return value::make_object(
    {{"p50_ms", x.p50_ms}, {"p99_ms", x.p99_ms}, {"max_ms", x.max_ms}});
}

void require(const storage::status& x) {
  if (!x.ok())
    throw std::runtime_error{x.message};
}

std::shared_ptr<storage::store> open_database(const std::string& dir) {
  std::filesystem::create_directories(dir);
  std::unique_ptr<storage::store> db;
  require(storage::open_leveldb(dir + "/db", {}, db));
  require(storage::open_format(*db));
  return db;
}

std::shared_ptr<storage::store> make_database(const std::string& dir) {
  std::filesystem::remove_all(dir);
  return open_database(dir);
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

actors_config::actors_config(uint64_t threads) {
  add_message_types<caf::id_block::quaero_types>();
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", threads);
  set("logger.file-verbosity", caf::atom("quiet"));
  set("logger.console-verbosity", caf::atom("quiet"));
}

bench_runtime::bench_runtime(std::shared_ptr<storage::store> db,
                             uint64_t threads, runtime_config how,
                             const worker_kinds& kinds)
  : config_{threads}, system_{config_}, self_{system_} {
  uint64_t boot = 0;
  require(storage::next_boot(*db, boot));
  runtime_ = std::make_unique<runtime>(
    system_, std::move(how), std::move(db), boot, system_wall_clock(),
    [](std::string_view) { return std::nullopt; }, kinds);
}

void bench_runtime::submit(uint64_t n, const new_job& job, durability level,
                           uint32_t batch, uint32_t in_flight) {
  std::deque<caf::response_handle<caf::blocking_actor,
                                  caf::detail::type_list<id_list>, true>>
    replies;
  for (uint64_t sent = 0; sent < n || !replies.empty();) {
    while (sent < n && replies.size() < in_flight) {
      submission x;
      const auto size = std::min<uint64_t>(batch, n - sent);
      x.jobs.assign(size, job);
      x.level = level;
      replies.push_back(self_->request(runtime_->jobs, accept_limit,
                                       atom::submit_v, std::move(x)));
      sent += size;
    }
    replies.front().receive(
      [](const id_list&) {},
      [](const caf::error& e) { throw std::runtime_error{message_of(e)}; });
    replies.pop_front();
  }
}

void bench_runtime::count_ends(uint64_t n) {
  self_->send(runtime_->hub, atom::subscribe_v,
              event_sink_actor{
                system_.spawn(counter, n, caf::actor_cast<caf::actor>(self_))});
}

void bench_runtime::await_done() {
  self_->receive([](atom::done) {});
}

std::vector<worker_kind> noop_only(const worker_environment& environment) {
  return {noop::kind(environment)};
}

std::vector<worker_kind> no_workers(const worker_environment&) {
  return {};
}

} // namespace quaero::bench
