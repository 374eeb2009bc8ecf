#include "bench/exact.hpp"
#include "bench/measured_run.hpp"

namespace quaero::bench {

namespace {

/// Jobs that wait already: from the moment at which they may run until all have
/// ended.
class drain_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  measurement run(const bench_options& how) override {
    measured_run x{how, about_.name, how.jobs, noop_only(how.slots)};
    auto& rt = x.runtime();
    const auto job = make_noop(how.payload);
    x.warm_up(job);
    rt.pause(true);
    rt.submit(how.jobs, job, how);
    rt.count_ends(how.jobs);
    x.begin();
    rt.pause(false);
    rt.await_done();
    x.end(how.jobs);
    return x.finish([all = how.jobs + how.warm_up](const storage::store& db) {
      auto problem = check_totals(db, all);
      return problem.empty() ? check_roots(db, all) : problem;
    });
  }

private:
  const description about_{"drain",
                           "run noop jobs that wait already",
                           "job",
                           {.jobs = true,
                            .submission = true,
                            .slots = true,
                            .warm_up = true,
                            .raw = true},
                           {}};
};

} // namespace

std::unique_ptr<scenario> make_drain_scenario() {
  return std::make_unique<drain_scenario>();
}

} // namespace quaero::bench
