#include "bench/exact.hpp"
#include "bench/measured_run.hpp"
#include "storage/tables.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

#include <atomic>
#include <charconv>

namespace quaero::bench {

namespace {

constexpr const char* type = "mixed";

/// How often which job fails before it does not: one in `one_in`, every tenth
/// of these twice.
struct failures {
  uint64_t one_in = 100;

  uint32_t of(uint64_t job) const {
    if (job % one_in != one_in - 1)
      return 0;
    return job / one_in % 10 == 9 ? 2 : 1;
  }
};

uint64_t number_of(const std::string& name) {
  uint64_t out = 0;
  std::from_chars(name.data(), name.data() + name.size(), out);
  return out;
}

block_worker_actor::behavior_type
worker(block_worker_actor::pointer, failures plan,
       const std::shared_ptr<std::atomic<uint64_t>>& attempts) {
  return {
    [=](atom::execute, const job_block& block) {
      std::vector<job_outcome> out;
      for (const auto& x : block.jobs)
        out.push_back(x.attempt <= plan.of(number_of(x.job.name))
                        ? job_outcome::failure("as planned")
                        : job_outcome::ok());
      *attempts += out.size();
      return out;
    },
  };
}

/// Noop jobs of which some fail and are tried again.
class mixed_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app
      .add_option("--one-in", plan_.one_in,
                  "jobs fails once; one in ten times that twice")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  }

  value settings() const override {
    return value::make_object({{"one_in", plan_.one_in}});
  }

  measurement run(const bench_options& how) override {
    auto attempts = std::make_shared<std::atomic<uint64_t>>(0);
    measured_run x{how, about_.name, how.jobs, kinds(how, attempts)};
    auto& rt = x.runtime();
    rt.count_ends(how.jobs);
    x.begin();
    submit_all(rt, how);
    rt.await_done();
    x.end(how.jobs);
    uint64_t planned = how.jobs;
    for (uint64_t i = 0; i < how.jobs; ++i)
      planned += plan_.of(i);
    auto out = x.finish([&](const storage::store& db) -> std::string {
      if (*attempts != planned)
        return std::to_string(*attempts) + " attempts were made, not "
               + std::to_string(planned);
      return check_all(db, how.jobs);
    });
    out.more.set("attempts", planned);
    out.more.set("retries", planned - how.jobs);
    return out;
  }

private:
  worker_kinds kinds(const bench_options& how,
                     const std::shared_ptr<std::atomic<uint64_t>>& attempts) {
    return
      [slots = how.slots, plan = plan_, attempts](const worker_environment& x) {
        worker_kind out;
        out.job_type = type;
        out.slots = slots > 0 ? slots : noop_only()(x).front().slots;
        out.spawn_block_worker = [system = &x.system, plan, attempts] {
          return system->spawn(worker, plan, attempts);
        };
        return std::vector<worker_kind>{std::move(out)};
      };
  }

  /// Each with its number as its name.
  static void submit_all(bench_runtime& rt, const bench_options& how) {
    auto job = make_noop(how.payload);
    job.type = type;
    job.retry.backoff = std::chrono::milliseconds{20};
    job.retry.jitter = 0;
    rt.submit(how.jobs, job, how, [](new_job& x, uint64_t number) {
      x.name = std::to_string(number);
    });
  }

  /// Every attempt that failed left its start and its end, the last one both in
  /// one.
  std::string check_all(const storage::store& db, uint64_t jobs) const {
    if (auto problem = check_totals(db, jobs); !problem.empty())
      return problem;
    return check_roots(
      db, jobs, [&](const job_id& id, const std::vector<job_event>& events) {
        queue_job job;
        if (!storage::read_job(db, id, job).ok())
          return false;
        const auto failed = plan_.of(number_of(job.name));
        return events.size() == 2 * failed + 1
               && events.back().attempt == failed + 1;
      });
  }

  failures plan_;
  const description about_{
    "mixed",
    "noop jobs of which some fail and run again",
    "job",
    {.jobs = true, .submission = true, .slots = true, .raw = true},
    {}};
};

} // namespace

std::unique_ptr<scenario> make_mixed_scenario() {
  return std::make_unique<mixed_scenario>();
}

} // namespace quaero::bench
