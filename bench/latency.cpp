#include "bench/disk.hpp"
#include "bench/exact.hpp"
#include "bench/measured_run.hpp"
#include "bench/over_http.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>
#include <sys/prctl.h>

#include <atomic>
#include <charconv>
#include <thread>

namespace quaero::bench {

namespace {

constexpr const char* type = "pickup";

/// When each job was to be submitted.
class timetable {
public:
  timetable(double rate, uint64_t jobs) : rate_{rate}, jobs_{jobs} {}

  uint64_t jobs() const { return jobs_; }
  void begin() { begin_ = clock::now(); }

  clock::time_point moment(uint64_t i) const {
    return begin_
           + std::chrono::duration_cast<clock::duration>(
             std::chrono::duration<double>{static_cast<double>(i) / rate_});
  }

private:
  double rate_;
  uint64_t jobs_;
  clock::time_point begin_;
};

/// How late each job was picked up. Written by the worker until the last job
/// has ended, read afterwards.
struct pickups {
  timetable when;
  histogram late;

  /// @param name of the job: its number.
  void add(const std::string& name) {
    const auto now = clock::now();
    uint64_t i = 0;
    std::from_chars(name.data(), name.data() + name.size(), i);
    late.add(now - when.moment(i));
  }
};
using pickups_ptr = std::shared_ptr<pickups>;

block_worker_actor::behavior_type block_worker(block_worker_actor::pointer,
                                               const pickups_ptr& to) {
  return {
    [to](atom::execute, const job_block& block) {
      for (const auto& x : block.jobs)
        to->add(x.job.name);
      return std::vector<job_outcome>(block.jobs.size());
    },
  };
}

job_worker_actor::behavior_type single_worker(job_worker_actor::pointer,
                                              const pickups_ptr& to) {
  return {
    [to](atom::execute, const job_context_ptr& x) {
      to->add(x->job().name);
      return job_outcome::ok();
    },
  };
}

worker_kinds kinds_of(const pickups_ptr& to, bool single, uint32_t slots) {
  return [=](const worker_environment& x) {
    worker_kind out;
    out.job_type = type;
    if (slots > 0)
      out.slots = slots;
    auto* system = &x.system;
    if (single)
      out.spawn_worker = [=] { return system->spawn(single_worker, to); };
    else
      out.spawn_block_worker = [=] { return system->spawn(block_worker, to); };
    return std::vector<worker_kind>{std::move(out)};
  };
}

/// Returns at that moment. A system wakes a thread tens of microseconds late,
/// which is no delay of what is measured: the last part is waited out awake.
void wait_until(clock::time_point moment) {
  constexpr std::chrono::microseconds awake{200};
  std::this_thread::sleep_until(moment - awake);
  while (clock::now() < moment) {
  }
}

/// Submits each job at its moment, whatever has become of those before.
/// @returns how late that was.
histogram submit_all(bench_runtime& rt, const timetable& when,
                     const bench_options& how) {
  // Else the system wakes this thread later than it could, to save power.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  auto job = make_noop(how.payload);
  job.type = type;
  histogram out;
  for (uint64_t i = 0; i < when.jobs(); ++i) {
    submission x;
    job.name = std::to_string(i);
    x.jobs = {job};
    x.level = how.level;
    wait_until(when.moment(i));
    out.add(clock::now() - when.moment(i));
    caf::anon_send(rt.actors().jobs, atom::submit_v, std::move(x));
  }
  return out;
}

/// A system that has little to do: from the moment at which a job is to be
/// submitted until a worker begins with it.
class latency_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--rate", rate_, "jobs a second, at even distances")
      ->check(CLI::Range(0.1, 1'000'000.0))
      ->capture_default_str();
    app.add_option("--seconds", seconds_, "that it takes")
      ->check(CLI::Range(0.01, 86'400.0))
      ->capture_default_str();
    app
      .add_option("--worker", worker_,
                  "block: takes jobs in blocks, as noop does; single: an "
                  "actor and a stored start for each job")
      ->check(CLI::IsMember({"block", "single"}))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = static_cast<uint64_t>(rate_ * seconds_);
    return how.jobs > 0 ? "" : "--seconds: long enough for a job at that rate";
  }

  value settings() const override {
    return value::make_object({{"rate", rate_}, {"worker", worker_}});
  }

  measurement run(const bench_options& how) override {
    if (!how.server.empty())
      return answers_over_http(how, rate_);
    auto picked
      = std::make_shared<pickups>(pickups{{rate_, how.jobs}, histogram{}});
    measured_run x{how, about_.name, how.jobs,
                   kinds_of(picked, worker_ == "single", how.slots)};
    auto& rt = x.runtime();
    rt.count_ends(how.jobs);
    x.begin();
    picked->when.begin();
    const auto submitted = submit_all(rt, picked->when, how);
    rt.await_done();
    x.end(how.jobs);
    auto out = x.finish([&](const storage::store& db) {
      const auto events = worker_ == "single" ? 2u : 1u;
      auto problem = check_totals(db, how.jobs);
      return problem.empty() ? check_roots(db, how.jobs, has_events(events))
                             : problem;
    });
    out.rank = picked->late.us_at(0.5);
    out.more.set("pickup", as_value(picked->late));
    out.more.set("submitted_late", as_value(submitted));
    out.more.set("sync", as_value(measure_syncs(how.dir)));
    return out;
  }

private:
  static event_check has_events(size_t n) {
    return [n](const job_id&, const std::vector<job_event>& events) {
      return events.size() == n && events.back().attempt == 1;
    };
  }

  static bench_options defaults() {
    bench_options out;
    out.raw = false;
    return out;
  }

  double rate_ = 333; ///< A pause of 3 ms.
  double seconds_ = 10;
  std::string worker_ = "block";
  const description about_{"latency",
                           "until a worker begins with a job, at a low rate",
                           "job",
                           {.slots = true, .server = true},
                           defaults()};
};

} // namespace

std::unique_ptr<scenario> make_latency_scenario() {
  return std::make_unique<latency_scenario>();
}

} // namespace quaero::bench
