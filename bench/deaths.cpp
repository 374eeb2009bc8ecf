#include "bench/exact.hpp"
#include "bench/harness.hpp"
#include "bench/histogram.hpp"
#include "bench/scenario.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <mutex>

namespace quaero::bench {

namespace {

constexpr const char* type = "mortal";

/// One less than what puts a job into quarantine.
constexpr uint32_t deaths_a_job = 2;

/// The worker that has the job.
struct stage {
  std::mutex mutex; // Guards `worker`.
  job_worker_actor worker;
};
using stage_ptr = std::shared_ptr<stage>;

/// Says when it has a job; executes only the last attempt.
job_worker_actor::behavior_type mortal(job_worker_actor::pointer self,
                                       stage_ptr on,
                                       std::shared_ptr<caf::actor> tell) {
  return {
    [=](atom::execute, const job_context_ptr& job) {
      auto reply = self->make_response_promise<job_outcome>();
      {
        const std::lock_guard lock{on->mutex};
        on->worker = job_worker_actor{self};
      }
      if (job->attempt() > deaths_a_job)
        reply.deliver(job_outcome::ok());
      caf::anon_send(*tell, atom::start_v); // known before the first job
      return reply;
    },
  };
}

void end_worker(stage& on) {
  const std::lock_guard lock{on.mutex};
  caf::anon_send_exit(on.worker, caf::exit_reason::kill);
}

void await_start(caf::scoped_actor& self) {
  self->receive([](atom::start) {});
}

worker_kinds kinds_of(const stage_ptr& on,
                      const std::shared_ptr<caf::actor>& tell) {
  return [=](const worker_environment& x) {
    worker_kind kind;
    kind.job_type = type;
    kind.slots = 1;
    kind.spawn_worker = [system = &x.system, on, tell] {
      return system->spawn(mortal, on, tell);
    };
    return std::vector<worker_kind>{std::move(kind)};
  };
}

/// Ends the worker of a job that runs, over and over: until the job runs with
/// the next worker.
class deaths_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--rounds", rounds_, "ends")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = (rounds_ + deaths_a_job - 1) / deaths_a_job;
    how.clients = how.batch = 1;
    return {};
  }

  value settings() const override {
    return value::make_object({{"rounds", rounds_}});
  }

  measurement run(const bench_options& how) override {
    const auto dir = how.dir + '/' + about_.name;
    auto db = make_database(dir, how.store);
    measurement out;
    const auto times = end_workers(how, db);
    out.rank = times.us_at(0.5);
    out.more.set("rerun", as_value(times));
    out.problem = check_totals(*db, how.jobs);
    db.reset();
    std::filesystem::remove_all(dir);
    return out;
  }

private:
  static histogram end_workers(const bench_options& how,
                               const std::shared_ptr<storage::store>& db) {
    auto on = std::make_shared<stage>();
    auto tell = std::make_shared<caf::actor>();
    bench_runtime rt{db, how, runtime_of(how, how.jobs), kinds_of(on, tell)};
    *tell = caf::actor_cast<caf::actor>(rt.self());
    rt.recover();
    auto job = make_noop(how.payload);
    job.type = type;
    histogram out;
    for (uint64_t i = 0; i < how.jobs; ++i) {
      rt.count_ends(1);
      rt.submit(1, job, how);
      await_start(rt.self());
      for (uint32_t n = 0; n < deaths_a_job; ++n) {
        const auto begin = clock::now();
        end_worker(*on);
        await_start(rt.self());
        out.add(clock::now() - begin);
      }
      rt.await_done();
    }
    return out;
  }

  static bench_options defaults() {
    bench_options out;
    out.level = durability::group;
    out.runs = 1;
    return out;
  }

  uint64_t rounds_ = 1000;
  const description about_{"deaths",
                           "end a worker, until its job runs with the next one",
                           "job",
                           {},
                           defaults()};
};

} // namespace

std::unique_ptr<scenario> make_deaths_scenario() {
  return std::make_unique<deaths_scenario>();
}

} // namespace quaero::bench
