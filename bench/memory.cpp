#include "bench/exact.hpp"
#include "bench/harness.hpp"
#include "bench/heap.hpp"
#include "bench/scenario.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace quaero::bench {

namespace {

constexpr const char* type = "idle";

/// What the process has.
struct memory_use {
  double heap = 0;     ///< Bytes that are allocated.
  double resident = 0; ///< Bytes of the process in memory.
};

memory_use memory_now() {
  uint64_t pages = 0;
  std::ifstream in{"/proc/self/statm"};
  in >> pages >> pages;
  return {allocated_bytes(),
          static_cast<double>(pages) * static_cast<double>(getpagesize())};
}

value each_of(const memory_use& before, const memory_use& after, uint64_t n) {
  const auto count = static_cast<double>(n);
  return value::make_object(
    {{"heap_bytes", (after.heap - before.heap) / count},
     {"resident_bytes", (after.resident - before.resident) / count}});
}

struct sleeper_state {
  std::vector<caf::typed_response_promise<job_outcome>> asleep;
};

/// Never answers; tells when it has that many jobs.
job_worker_actor::behavior_type
sleeper(job_worker_actor::stateful_pointer<sleeper_state> self, uint64_t jobs,
        const std::shared_ptr<caf::actor>& tell) {
  return {
    [=](atom::execute, const job_context_ptr&) {
      auto& all = self->state.asleep;
      all.push_back(self->make_response_promise<job_outcome>());
      if (all.size() == jobs)
        caf::anon_send(*tell, atom::start_v);
      return all.back();
    },
  };
}

/// What a job takes that waits, and one that runs and does nothing.
class memory_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--actors", actors_, "jobs that run, an actor each")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  }

  value settings() const override {
    return value::make_object({{"actors", actors_}});
  }

  measurement run(const bench_options& how) override {
    measurement out;
    const auto dir = how.dir + '/' + about_.name;
    queue_jobs(how, dir, out);
    find_jobs(how, dir, out);
    std::filesystem::remove_all(dir);
    if (out.problem.empty())
      run_actors(how, dir, out);
    std::filesystem::remove_all(dir);
    out.rank = 1;
    return out;
  }

private:
  /// As they come: with what the database and the queue keep of the newest.
  static void queue_jobs(const bench_options& how, const std::string& dir,
                         measurement& out) {
    auto db = make_database(dir, how.store);
    bench_runtime rt{db, how, runtime_of(how, how.jobs), no_workers};
    rt.recover();
    const auto before = memory_now();
    rt.submit(how.jobs, make_noop(how.payload), how);
    out.more.set("queued_job", each_of(before, memory_now(), how.jobs));
  }

  /// As a start finds them.
  static void find_jobs(const bench_options& how, const std::string& dir,
                        measurement& out) {
    auto db = open_database(dir, how.store);
    {
      bench_runtime rt{db, how, runtime_of(how, how.jobs), no_workers};
      const auto before = memory_now();
      rt.recover();
      out.more.set("recovered_job", each_of(before, memory_now(), how.jobs));
    }
    out.problem = check_waiting(*db, how.jobs);
  }

  void run_actors(const bench_options& how, const std::string& dir,
                  measurement& out) const {
    auto db = make_database(dir, how.store);
    auto tell = std::make_shared<caf::actor>();
    bench_runtime rt{db, how, runtime_of(how, actors_),
                     [this, tell](const worker_environment& x) {
                       worker_kind kind;
                       kind.job_type = type;
                       kind.slots = actors_;
                       kind.spawn_worker = [this, tell, system = &x.system] {
                         return system->spawn(sleeper, actors_, tell);
                       };
                       return std::vector<worker_kind>{std::move(kind)};
                     }};
    *tell = caf::actor_cast<caf::actor>(rt.self());
    rt.recover();
    rt.pause(true);
    auto job = make_noop(how.payload);
    job.type = type;
    rt.submit(actors_, job, how);
    const auto before = memory_now();
    rt.pause(false);
    rt.self()->receive([](atom::start) {});
    out.more.set("job_actor", each_of(before, memory_now(), actors_));
    *tell = nullptr;
  }

  static bench_options defaults() {
    bench_options out;
    out.jobs = 1'000'000;
    out.runs = 1;
    return out;
  }

  uint64_t actors_ = 10'000;
  const description about_{"memory",
                           "what a queued job and a running one take",
                           "job",
                           {.jobs = true, .submission = true},
                           defaults()};
};

} // namespace

std::unique_ptr<scenario> make_memory_scenario() {
  return std::make_unique<memory_scenario>();
}

} // namespace quaero::bench
