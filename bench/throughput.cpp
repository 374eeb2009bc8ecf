#include "bench/exact.hpp"
#include "bench/history.hpp"
#include "bench/measured_run.hpp"
#include "bench/over_http.hpp"

#include <CLI/CLI.hpp>

namespace quaero::bench {

namespace {

constexpr uint64_t history_max = 100'000'000;

/// From the first submission until the last job's end is committed and
/// published.
class throughput_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app
      .add_option("--history", history_,
                  "jobs that have ended before, written at once")
      ->check(CLI::Range(uint64_t{0}, history_max))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    if (!how.server.empty() && history_ > 0)
      return "--history: not with --server, whose jobs are its own";
    return {};
  }

  value settings() const override {
    return history_ == 0 ? value::make_object()
                         : value::make_object({{"history", history_}});
  }

  measurement run(const bench_options& how) override {
    if (!how.server.empty())
      return throughput_over_http(how);
    const auto job = make_noop(how.payload);
    preparation prepare;
    if (history_ > 0)
      prepare = [this, &job](storage::store& db) {
        write_ended_jobs(db, history_, job);
      };
    measured_run x{how, about_.name, how.jobs, noop_only(how.slots), prepare};
    x.warm_up(job);
    auto& rt = x.runtime();
    rt.count_ends(how.jobs);
    x.begin();
    rt.submit(how.jobs, job, how);
    rt.await_done();
    x.end(how.jobs);
    return x.finish([&](const storage::store& db) {
      const auto all = how.jobs + how.warm_up;
      auto problem = check_totals(db, all + history_);
      return problem.empty() ? check_roots(db, all) : problem;
    });
  }

private:
  uint64_t history_ = 0;
  const description about_{"throughput",
                           "submit and run noop jobs at once",
                           "job",
                           {.jobs = true,
                            .submission = true,
                            .slots = true,
                            .warm_up = true,
                            .raw = true,
                            .server = true},
                           {}};
};

} // namespace

std::unique_ptr<scenario> make_throughput_scenario() {
  return std::make_unique<throughput_scenario>();
}

} // namespace quaero::bench
