#include "bench/exact.hpp"
#include "bench/measured_run.hpp"

#include <CLI/CLI.hpp>

#include <stdexcept>

namespace quaero::bench {

namespace {

/// The measured operations in commits of as many as so many jobs have on
/// average.
recording regroup(const recording& x, uint64_t jobs, uint64_t commit_jobs,
                  bool sync) {
  recording out;
  out.measured = x.measured;
  const auto first = x.commits.begin() + static_cast<ptrdiff_t>(x.measured);
  out.commits.assign(x.commits.begin(), first);
  uint64_t operations = 0;
  for (auto i = first; i != x.commits.end(); ++i)
    operations += i->ops.count();
  const auto size = std::max<uint64_t>(operations * commit_jobs / jobs, 1);
  storage::write_batch now;
  auto end_commit = [&] {
    if (!now.empty())
      out.commits.push_back({std::exchange(now, {}), sync});
  };
  auto end_operation = [&] {
    if (now.count() >= size)
      end_commit();
  };
  for (auto i = first; i != x.commits.end(); ++i)
    i->ops.visit(
      [&](std::string_view key, std::string_view val) {
        now.put(key, val);
        end_operation();
      },
      [&](std::string_view key) {
        now.remove(key);
        end_operation();
      });
  end_commit();
  return out;
}

/// The database alone: what a runtime has written for some jobs, written by one
/// thread.
class store_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app
      .add_option("--commit-jobs", commit_jobs_,
                  "jobs in one commit; 0: as the runtime had it")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  }

  value settings() const override {
    return value::make_object({{"commit_jobs", commit_jobs_}});
  }

  measurement run(const bench_options& how) override {
    if (recorded_.commits.empty())
      record(how);
    measurement out;
    const auto x = replay(
      how, how.dir + '/' + about_.name, recorded_, {},
      [&](const storage::store& db) { return check_all(db, how.jobs); });
    out.count = how.jobs;
    out.per_s = static_cast<double>(how.jobs) / x.seconds;
    out.runtime = x.counts;
    out.more.set("seconds", x.seconds);
    out.problem = x.problem;
    return out;
  }

private:
  /// Has a runtime run the jobs, and keeps what it writes.
  void record(const bench_options& how) {
    measured_run x{how, about_.name, how.jobs, noop_only(how.slots)};
    auto& rt = x.runtime();
    rt.count_ends(how.jobs);
    x.begin();
    rt.submit(how.jobs, make_noop(how.payload), how);
    rt.await_done();
    x.end(how.jobs);
    recorded_ = x.finish_recording({});
    if (!recorded_.whole)
      throw std::runtime_error{"--jobs: their commits do not fit into a third "
                               "of the memory"};
    if (commit_jobs_ > 0)
      recorded_ = regroup(recorded_, how.jobs, commit_jobs_,
                          how.level != durability::buffered);
  }

  static std::string check_all(const storage::store& db, uint64_t jobs) {
    auto problem = check_totals(db, jobs);
    return problem.empty() ? check_roots(db, jobs) : problem;
  }

  uint64_t commit_jobs_ = 0;
  recording recorded_;
  const description about_{"store",
                           "the database alone, with the records of noop jobs",
                           "job",
                           {.jobs = true, .submission = true, .slots = true},
                           {}};
};

} // namespace

std::unique_ptr<scenario> make_store_scenario() {
  return std::make_unique<store_scenario>();
}

} // namespace quaero::bench
