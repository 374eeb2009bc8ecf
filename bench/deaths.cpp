#include "bench/deaths.hpp"

#include "storage/tables.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

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

} // namespace

deaths_result run_deaths(const deaths_config& how) {
  const auto dir = how.dir + "/deaths";
  auto db = make_database(dir);
  auto on = std::make_shared<stage>();
  runtime_config config;
  config.queue.report_durability = how.level;
  std::vector<double> times;
  const auto jobs = (how.rounds + deaths_a_job - 1) / deaths_a_job;
  {
    auto tell = std::make_shared<caf::actor>();
    bench_runtime rt{db, how.threads, config, [=](const worker_environment& x) {
                       worker_kind kind;
                       kind.job_type = type;
                       kind.slots = 1;
                       kind.spawn_worker = [&x = x.system, on, tell] {
                         return x.spawn(mortal, on, tell);
                       };
                       return std::vector<worker_kind>{kind};
                     }};
    *tell = caf::actor_cast<caf::actor>(rt.self());
    rt.actors().recover();
    auto job = make_noop(200);
    job.type = type;
    for (uint32_t i = 0; i < jobs; ++i) {
      rt.count_ends(1);
      rt.submit(1, job, how.level);
      await_start(rt.self());
      for (uint32_t n = 0; n < deaths_a_job; ++n) {
        const auto begin = clock::now();
        end_worker(*on);
        await_start(rt.self());
        times.push_back(ms_since(begin));
      }
      rt.await_done();
    }
  }
  deaths_result out;
  out.rerun = distribution_of(std::move(times));
  storage::totals all;
  require(storage::read_totals(*db, all));
  out.exact = all.jobs[static_cast<size_t>(job_status::completed)] == jobs;
  db.reset();
  std::filesystem::remove_all(dir);
  return out;
}

} // namespace quaero::bench
